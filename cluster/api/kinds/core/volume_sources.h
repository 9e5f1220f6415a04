// The sources of volumes that Pods and persistent volumes have in common: what they are filled up with, what is checked
// of them. Source: https://kubernetes.io/docs/concepts/storage/volumes/ and .../persistent-volumes/.
#pragma once

#include <string>
#include <string_view>

#include "cluster/api/field/path.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {

// Collects the faults of the one source that a volume has, and refuses further ones. `path` is the volume's.
class SoleSource {
public:
    explicit SoleSource(const field::Path& path) : m_path(path) {}
    // The checks of the sources run in the order of the visits; `name` is the field as upstream spells it there.
    template <typename Source, typename Check>
    void visit(const Box<Source>& source, const char* name, Check check) {
        if (!source) return;
        if (m_found) {
            m_errors.push_back(field::forbidden(m_path.child(name), "may not specify more than 1 volume type"));
            return;
        }
        m_found = true;
        field::append(m_errors, check(*source));
    }
    // A source that may stand beside another one.
    template <typename Source, typename Check>
    void visitAnyway(const Box<Source>& source, Check check) {
        if (!source) return;
        m_found = true;
        field::append(m_errors, check(*source));
    }
    field::Errors finish() {
        if (!m_found) m_errors.push_back(field::required(m_path, "must specify a volume type"));
        return std::move(m_errors);
    }

private:
    field::Path m_path;
    field::Errors m_errors;
    bool m_found = false;
};

// Of one source each; `path` is the source's.
field::Errors hostPathErrors(const corev1::HostPathVolumeSource& host, const field::Path& path);
field::Errors nfsErrors(const corev1::NFSVolumeSource& nfs, const field::Path& path);
field::Errors csiDriverNameErrors(const std::string& name, const field::Path& path);
// Volumes of storage systems that CSI drivers serve today. The checks are those that the API always had; `source` is
// the field's name and `path` the volume's. The secrets of persistent volumes may lie in other namespaces.
field::Errors oldVolumeErrors(const corev1::VolumeSource& volume, std::string_view source, const field::Path& path);
field::Errors oldVolumeErrors(const corev1::PersistentVolumeSource& volume, std::string_view source,
                              const field::Path& path);

template <typename Sources>
void setSourceDefaults(Sources& volume) {
    if (volume.hostPath && !volume.hostPath->type) volume.hostPath->type = "";
    if (volume.iscsi && volume.iscsi->iscsiInterface.empty()) volume.iscsi->iscsiInterface = "default";
    if (volume.rbd) {
        if (volume.rbd->pool.empty()) volume.rbd->pool = "rbd";
        if (volume.rbd->user.empty()) volume.rbd->user = "admin";
        if (volume.rbd->keyring.empty()) volume.rbd->keyring = "/etc/ceph/keyring";
    }
    if (volume.azureDisk) {
        if (!volume.azureDisk->cachingMode) volume.azureDisk->cachingMode = "ReadWrite";
        if (!volume.azureDisk->kind) volume.azureDisk->kind = "Shared";
        if (!volume.azureDisk->fsType) volume.azureDisk->fsType = "ext4";
        if (!volume.azureDisk->readOnly) volume.azureDisk->readOnly = false;
    }
    if (volume.scaleIO) {
        if (volume.scaleIO->storageMode.empty()) volume.scaleIO->storageMode = "ThinProvisioned";
        if (volume.scaleIO->fsType.empty()) volume.scaleIO->fsType = "xfs";
    }
}

}  // namespace qd::api
