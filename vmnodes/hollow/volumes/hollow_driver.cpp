#include "vmnodes/hollow/volumes/hollow_driver.h"

namespace qd::hollow {
namespace {

constexpr char kHostname[] = "kubernetes.io/hostname";
constexpr char kNoExpansion[] = "fail-expand";
constexpr std::int32_t kVolumesPerNode = 64;

const std::string* parameter(const storagev1::StorageClass& storageClass, const char* name) {
    const auto found = storageClass.parameters.find(name);
    return found == storageClass.parameters.end() ? nullptr : &found->second;
}

corev1::VolumeNodeAffinity onlyFrom(const corev1::Node& node) {
    const auto hostname = node.metadata.labels.find(kHostname);
    corev1::NodeSelectorRequirement requirement;
    requirement.key = kHostname;
    requirement.operator_ = corev1::NodeSelectorOpIn;
    requirement.values = {hostname == node.metadata.labels.end() ? node.metadata.name : hostname->second};
    corev1::VolumeNodeAffinity affinity;
    affinity.required.emplace().nodeSelectorTerms.emplace_back().matchExpressions = {std::move(requirement)};
    return affinity;
}

// Remembers nothing: all that there is of a volume is its object.
class HollowProvisioner final : public api::volumes::Provisioner {
public:
    Result<corev1::PersistentVolumeSpec> provision(const api::volumes::ProvisionRequest& request) override {
        if (const auto* failure = parameter(request.storageClass, "fail")) return fail(Reason::InternalError, *failure);
        corev1::PersistentVolumeSpec spec;
        auto& source = spec.csi.emplace();
        source.driver = kDriver;
        source.volumeHandle = request.name;
        if (const auto* failure = parameter(request.storageClass, kNoExpansion))
            source.volumeAttributes[kNoExpansion] = *failure;
        spec.capacity = request.claim.spec.resources.requests;
        const auto* reach = parameter(request.storageClass, "reach");
        if (reach && *reach == "node") {
            if (!request.selectedNode)
                return fail(Reason::BadRequest,
                            "a volume that one node reaches needs a class that waits for the first consumer");
            spec.nodeAffinity = onlyFrom(*request.selectedNode);
        }
        return spec;
    }

    Result<void> remove(const corev1::PersistentVolume&) override { return {}; }

    Result<api::volumes::Expansion> expand(const corev1::PersistentVolume& volume, const api::Quantity& size) override {
        const auto& attributes = volume.spec.csi->volumeAttributes;
        if (const auto failure = attributes.find(kNoExpansion); failure != attributes.end())
            return fail(Reason::InternalError, failure->second);
        return api::volumes::Expansion{.size = size, .nodeIsNext = true};
    }
};

}  // namespace

std::shared_ptr<api::volumes::Provisioner> hollowProvisioner() {
    return std::make_shared<HollowProvisioner>();
}

storagev1::CSIDriver driverObject() {
    storagev1::CSIDriver driver;
    driver.metadata.name = kDriver;
    driver.spec.attachRequired = true;
    driver.spec.podInfoOnMount = false;
    driver.spec.volumeLifecycleModes = {storagev1::VolumeLifecyclePersistent};
    return driver;
}

std::vector<storagev1::StorageClass> storageClasses() {
    storagev1::StorageClass immediate;
    immediate.metadata.name = "hollow";
    immediate.metadata.annotations["storageclass.kubernetes.io/is-default-class"] = "true";
    immediate.provisioner = kDriver;
    immediate.reclaimPolicy = corev1::PersistentVolumeReclaimDelete;
    immediate.allowVolumeExpansion = true;
    immediate.volumeBindingMode = storagev1::VolumeBindingImmediate;
    storagev1::StorageClass waiting = immediate;
    waiting.metadata.name = "hollow-wait";
    waiting.metadata.annotations.clear();
    waiting.volumeBindingMode = storagev1::VolumeBindingWaitForFirstConsumer;
    return {immediate, waiting};
}

storagev1::CSINode csiNodeObject(const corev1::Node& node) {
    storagev1::CSINode made;
    made.metadata.name = node.metadata.name;
    auto& owner = made.metadata.ownerReferences.emplace_back();
    owner.apiVersion = "v1";
    owner.kind = "Node";
    owner.name = node.metadata.name;
    owner.uid = node.metadata.uid;
    auto& driver = made.spec.drivers.emplace_back();
    driver.name = kDriver;
    driver.nodeID = node.metadata.name;
    driver.topologyKeys = {kHostname};
    driver.allocatable.emplace().count = kVolumesPerNode;
    return made;
}

}  // namespace qd::hollow
