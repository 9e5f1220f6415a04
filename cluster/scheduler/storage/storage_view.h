// Claims, volumes, classes and what CSI drivers say of themselves, as scheduling sees them: the informers' copies, and
// over them what has been decided and not yet been seen there (assumed). An assumption gives way to any newer copy.
//
// Reads of what is stored are thread-safe; all else belongs on the scheduler's strand.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/client/typed.h"

namespace qd::scheduler {

class StorageView {
public:
    using Claim = corev1::PersistentVolumeClaim;
    using Volume = corev1::PersistentVolume;

    // Asks the factory for its informers: make it before the factory starts.
    explicit StorageView(client::InformerFactory& informers);

    // Null when there is none.
    client::Ptr<Claim> claim(const std::string& ns, const std::string& name) const;
    client::Ptr<Volume> volume(const std::string& name) const;
    std::vector<client::Ptr<Volume>> volumesOfClass(const std::string& storageClass) const;

    client::Ptr<Claim> storedClaim(const std::string& ns, const std::string& name) const {
        return m_claims.get(ns, name);
    }
    client::Ptr<Volume> storedVolume(const std::string& name) const { return m_volumes.get("", name); }
    client::Ptr<storagev1::StorageClass> storageClass(const std::string& name) const { return m_classes.get("", name); }
    client::Ptr<storagev1::CSINode> csiNode(const std::string& node) const { return m_csiNodes.get("", node); }
    client::Ptr<storagev1::CSIDriver> csiDriver(const std::string& name) const { return m_csiDrivers.get("", name); }
    std::vector<client::Ptr<storagev1::CSIStorageCapacity>> capacities() const { return m_capacities.list(); }
    std::vector<client::Ptr<storagev1::VolumeAttachment>> attachments(const std::string& node) const;

    void assume(client::Ptr<Claim> claim);
    void assume(client::Ptr<Volume> volume);
    void restoreClaim(const std::string& ns, const std::string& name);
    void restoreVolume(const std::string& name);

private:
    client::Lister<Claim> m_claims;
    client::Lister<Volume> m_volumes;
    client::Lister<storagev1::StorageClass> m_classes;
    client::Lister<storagev1::CSINode> m_csiNodes;
    client::Lister<storagev1::CSIDriver> m_csiDrivers;
    client::Lister<storagev1::CSIStorageCapacity> m_capacities;
    client::Lister<storagev1::VolumeAttachment> m_attachments;
    std::map<std::pair<std::string, std::string>, client::Ptr<Claim>> m_assumedClaims;
    std::map<std::string, client::Ptr<Volume>, std::less<>> m_assumedVolumes;
};

// The revision in resourceVersion; 0 when it is none.
std::uint64_t revisionOf(const metav1::ObjectMeta& metadata);

}  // namespace qd::scheduler
