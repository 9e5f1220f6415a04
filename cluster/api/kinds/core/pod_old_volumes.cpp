#include <algorithm>

#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/volume_sources.h"
#include "cluster/api/kinds/go_json.h"

namespace qd::api {
namespace {

using namespace corev1;

constexpr std::string_view kIqnRule = "must be valid format starting with iqn, eui, or naa";
constexpr std::string_view kPartitionRule = "must be a number between 0 and 255, both inclusive";
constexpr std::string_view kHostPortRule = "must be a host:port pair or multiple pairs separated by commas";

class Checks {
public:
    explicit Checks(const field::Path& path) : m_path(path) {}
    void require(bool given, const char* name, std::string_view detail = "") {
        if (!given) m_errors.push_back(field::required(m_path.child(name), detail));
    }
    void add(field::Errors more) { field::append(m_errors, std::move(more)); }
    void invalid(const char* name, const field::Shown& value, std::string_view detail) { m_errors.push_back(field::invalid(m_path.child(name), value, detail)); }
    const field::Path& path() const { return m_path; }
    field::Errors finish() { return std::move(m_errors); }

private:
    field::Path m_path;
    field::Errors m_errors;
};

bool startsAsIscsiName(std::string_view name) { return name.starts_with("iqn") || name.starts_with("eui") || name.starts_with("naa"); }

bool isLun(std::int32_t lun) { return lun >= 0 && lun <= 255; }

// Persistent volumes name the namespace of a secret too.
template <typename Secret>
void checkSecret(const Box<Secret>& secret, Checks& checks) {
    if (!secret) return;
    const field::Path path = checks.path().child("secretRef");
    if (secret->name.empty()) checks.add({field::required(path.child("name"))});
    if constexpr (requires { secret->namespace_; }) {
        if (secret->namespace_.empty()) checks.add({field::required(path.child("namespace"))});
    }
}

template <typename Disk>
void checkDisk(const std::string& id, const char* idName, const Disk& disk, Checks& checks) {
    checks.require(!id.empty(), idName);
    if (disk.partition < 0 || disk.partition > 255) checks.invalid("partition", disk.partition, kPartitionRule);
}

template <typename Iscsi>
void checkIscsi(const Iscsi& iscsi, Checks& checks) {
    checks.require(!iscsi.targetPortal.empty(), "targetPortal");
    checks.require(!iscsi.iqn.empty(), "iqn");
    if (!iscsi.iqn.empty() && !startsAsIscsiName(iscsi.iqn)) checks.invalid("iqn", iscsi.iqn, kIqnRule);
    if (!isLun(iscsi.lun)) checks.invalid("lun", iscsi.lun, "must be between 0 and 255, inclusive");
    if (iscsi.chapAuthDiscovery || iscsi.chapAuthSession) checks.require(iscsi.secretRef.has_value(), "secretRef");
    if (iscsi.initiatorName && !startsAsIscsiName(*iscsi.initiatorName)) checks.invalid("initiatorname", *iscsi.initiatorName, kIqnRule);
}

void check(const FCVolumeSource& fc, Checks& checks) {
    checks.require(!fc.targetWWNs.empty() || !fc.wwids.empty(), "targetWWNs", "must specify either targetWWNs or wwids, but not both");
    if (fc.targetWWNs.empty()) return;
    if (!fc.wwids.empty()) checks.invalid("targetWWNs", shownStrings(fc.targetWWNs), "targetWWNs and wwids can not be specified simultaneously");
    checks.require(fc.lun.has_value(), "lun", "lun is required if targetWWNs is specified");
    if (fc.lun && !isLun(*fc.lun)) checks.invalid("lun", *fc.lun, "must be between 0 and 255, inclusive");
}

void check(const QuobyteVolumeSource& quobyte, Checks& checks) {
    checks.require(!quobyte.registry.empty(), "registry", kHostPortRule);
    if (!quobyte.registry.empty() && quobyte.registry.find(':') == std::string::npos) checks.invalid("registry", quobyte.registry, kHostPortRule);
    checks.require(!quobyte.volume.empty(), "volume");
}

void check(const FlockerVolumeSource& flocker, Checks& checks) {
    if (flocker.datasetName.empty() && flocker.datasetUUID.empty()) checks.add({field::required(checks.path(), "one of datasetName and datasetUUID is required")});
    if (!flocker.datasetName.empty() && !flocker.datasetUUID.empty()) {
        checks.add({field::invalid(checks.path(), "resource", "datasetName and datasetUUID can not be specified simultaneously")});
    }
    if (flocker.datasetName.find('/') != std::string::npos) checks.invalid("datasetName", flocker.datasetName, "must not contain '/'");
}

template <typename Flex>
void checkFlex(const Flex& flex, Checks& checks) {
    checks.require(!flex.driver.empty(), "driver");
    for (const auto& [key, value] : flex.options) {
        std::string space = "." + key.substr(0, key.find('/'));
        std::transform(space.begin(), space.end(), space.begin(), [](unsigned char c) { return std::tolower(c); });
        if (!space.ends_with(".kubernetes.io") && !space.ends_with(".k8s.io")) continue;
        checks.add({field::invalid(checks.path().child("options").key(key), key, "kubernetes.io and k8s.io namespaces are reserved")});
    }
}

void check(const AzureDiskVolumeSource& disk, Checks& checks) {
    checks.require(!disk.diskName.empty(), "diskName");
    checks.require(!disk.diskURI.empty(), "diskURI");
    if (disk.cachingMode) checks.add(choiceErrors(checks.path().child("cachingMode"), *disk.cachingMode, {"None", "ReadOnly", "ReadWrite"}));
    if (disk.kind) checks.add(choiceErrors(checks.path().child("kind"), *disk.kind, {"Dedicated", "Managed", "Shared"}));
    if (disk.kind && *disk.kind == "Managed" && !disk.diskURI.starts_with("/subscriptions/")) {
        checks.add({field::notSupported(checks.path().child("diskURI"), disk.diskURI,
                                        {"/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"})});
    }
    if (disk.kind && *disk.kind != "Managed" && !disk.diskURI.starts_with("https://")) {
        checks.add({field::notSupported(checks.path().child("diskURI"), disk.diskURI, {"https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"})});
    }
}

template <typename Storage>
void checkStorageOs(const Storage& storage, Checks& checks) {
    checks.require(!storage.volumeName.empty(), "volumeName");
    if (!storage.volumeName.empty()) checks.add(labelErrors(checks.path().child("volumeName"), storage.volumeName));
    if (!storage.volumeNamespace.empty()) checks.add(labelErrors(checks.path().child("volumeNamespace"), storage.volumeNamespace));
    checkSecret(storage.secretRef, checks);
}

template <typename Glusterfs>
void checkGlusterfs(const Glusterfs& glusterfs, Checks& checks) {
    checks.require(!glusterfs.endpoints.empty(), "endpoints");
    checks.require(!glusterfs.path.empty(), "path");
    if constexpr (requires { glusterfs.endpointsNamespace; }) {
        if (!glusterfs.endpointsNamespace) return;
        const std::string& ns = *glusterfs.endpointsNamespace;
        if (ns.empty()) {
            checks.invalid("endpointsNamespace", ns, "if the endpointnamespace is set, it must be a valid namespace name");
        } else {
            checks.add(labelErrors(checks.path().child("endpointsNamespace"), ns));
        }
    }
}

template <typename AzureFile>
void checkAzureFile(const AzureFile& azure, Checks& checks) {
    checks.require(!azure.secretName.empty(), "secretName");
    checks.require(!azure.shareName.empty(), "shareName");
    if constexpr (requires { azure.secretNamespace; }) {
        if (azure.secretNamespace) checks.require(!azure.secretNamespace->empty(), "secretNamespace");
    }
}

template <typename Sources>
field::Errors errorsOf(const Sources& volume, std::string_view source, const field::Path& path) {
    // Upstream's paths say this of the field gcePersistentDisk.
    Checks checks(path.child(source == "gcePersistentDisk" ? "persistentDisk" : source));
    if (source == "gcePersistentDisk") checkDisk(volume.gcePersistentDisk->pdName, "pdName", *volume.gcePersistentDisk, checks);
    if (source == "awsElasticBlockStore") checkDisk(volume.awsElasticBlockStore->volumeID, "volumeID", *volume.awsElasticBlockStore, checks);
    if (source == "iscsi") checkIscsi(*volume.iscsi, checks);
    if (source == "fc") check(*volume.fc, checks);
    if (source == "quobyte") check(*volume.quobyte, checks);
    if (source == "flocker") check(*volume.flocker, checks);
    if (source == "flexVolume") checkFlex(*volume.flexVolume, checks);
    if (source == "azureDisk") check(*volume.azureDisk, checks);
    if (source == "storageos") checkStorageOs(*volume.storageos, checks);
    if (source == "glusterfs") checkGlusterfs(*volume.glusterfs, checks);
    if (source == "azureFile") checkAzureFile(*volume.azureFile, checks);
    if (source == "rbd") {
        checks.require(!volume.rbd->monitors.empty(), "monitors");
        checks.require(!volume.rbd->image.empty(), "image");
    } else if (source == "cinder") {
        checks.require(!volume.cinder->volumeID.empty(), "volumeID");
        checkSecret(volume.cinder->secretRef, checks);
    } else if (source == "cephfs") {
        checks.require(!volume.cephfs->monitors.empty(), "monitors");
    } else if (source == "vsphereVolume") {
        checks.require(!volume.vsphereVolume->volumePath.empty(), "volumePath");
    } else if (source == "photonPersistentDisk") {
        checks.require(!volume.photonPersistentDisk->pdID.empty(), "pdID");
    } else if (source == "portworxVolume") {
        checks.require(!volume.portworxVolume->volumeID.empty(), "volumeID");
    } else if (source == "scaleIO") {
        checks.require(!volume.scaleIO->gateway.empty(), "gateway");
        checks.require(!volume.scaleIO->system.empty(), "system");
        checks.require(!volume.scaleIO->volumeName.empty(), "volumeName");
    }
    return checks.finish();
}

}  // namespace

field::Errors oldVolumeErrors(const VolumeSource& volume, std::string_view source, const field::Path& path) { return errorsOf(volume, source, path); }
field::Errors oldVolumeErrors(const PersistentVolumeSource& volume, std::string_view source, const field::Path& path) { return errorsOf(volume, source, path); }

}  // namespace qd::api
