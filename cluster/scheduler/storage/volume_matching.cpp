#include "cluster/scheduler/storage/volume_matching.h"

#include <algorithm>

#include "cluster/api/meta/selectors.h"
#include "cluster/api/placement/node_selector.h"
#include "cluster/scheduler/storage/storage_view.h"

namespace qd::scheduler {
namespace {

const std::string kFilesystem = "Filesystem";

const api::Quantity& amount(const api::Map<api::Quantity>& of) {
    static const api::Quantity none;
    const auto found = of.find("storage");
    return found == of.end() ? none : found->second;
}

bool offersModes(const corev1::PersistentVolume& volume, const corev1::PersistentVolumeClaim& claim) {
    const auto& offered = volume.spec.accessModes;
    return std::ranges::all_of(claim.spec.accessModes,
                               [&](const auto& mode) { return std::ranges::find(offered, mode) != offered.end(); });
}

// What a volume must be even when somebody has put the claim's name on it.
bool isOfTheKind(const corev1::PersistentVolume& volume, const corev1::PersistentVolumeClaim& claim) {
    return amount(volume.spec.capacity) >= amount(claim.spec.resources.requests) &&
           !volume.metadata.deletionTimestamp &&
           volume.spec.volumeMode.value_or(kFilesystem) == claim.spec.volumeMode.value_or(kFilesystem) &&
           volume.spec.volumeAttributesClassName.value_or("") == claim.spec.volumeAttributesClassName.value_or("");
}

bool isFree(const corev1::PersistentVolume& volume, const corev1::PersistentVolumeClaim& claim,
            const api::LabelSelector& selector) {
    return !volume.spec.claimRef && volume.status.phase == "Available" && selector.matches(volume.metadata.labels) &&
           storageClassOf(volume) == storageClassOf(claim) && offersModes(volume, claim);
}

}  // namespace

bool isFullyBound(const corev1::PersistentVolumeClaim& claim) {
    return !claim.spec.volumeName.empty() && claim.metadata.annotations.contains(kBindCompleted);
}

bool isMeantFor(const corev1::PersistentVolume& volume, const corev1::PersistentVolumeClaim& claim) {
    const auto& meant = volume.spec.claimRef;
    if (!meant || meant->name != claim.metadata.name || meant->namespace_ != claim.metadata.namespace_) return false;
    return meant->uid.empty() || meant->uid == claim.metadata.uid;
}

bool isReachable(const corev1::PersistentVolume& volume, const corev1::Node& node) {
    const auto& affinity = volume.spec.nodeAffinity;
    return !affinity || !affinity->required || api::matches(*affinity->required, node);
}

bool matchesTopology(const std::vector<corev1::TopologySelectorTerm>& terms, const corev1::Node& node) {
    const auto holds = [&](const corev1::TopologySelectorLabelRequirement& each) {
        const auto label = node.metadata.labels.find(each.key);
        return label != node.metadata.labels.end() &&
               std::ranges::find(each.values, label->second) != each.values.end();
    };
    return terms.empty() || std::ranges::any_of(terms, [&](const auto& term) {
               return !term.matchLabelExpressions.empty() && std::ranges::all_of(term.matchLabelExpressions, holds);
           });
}

std::int64_t requestedBytes(const corev1::PersistentVolumeClaim& claim) {
    return amount(claim.spec.resources.requests).value();
}

Volumes candidatesFor(const corev1::PersistentVolumeClaim& claim, Volumes volumes) {
    auto selector = claim.spec.selector ? api::LabelSelector::from(*claim.spec.selector)
                                        : Result<api::LabelSelector>(api::LabelSelector());
    if (!selector) return {};
    const auto meant = std::ranges::find_if(
        volumes, [&](const auto& each) { return isMeantFor(*each, claim) && isOfTheKind(*each, claim); });
    if (meant != volumes.end()) return {*meant};
    std::erase_if(volumes,
                  [&](const auto& each) { return !isOfTheKind(*each, claim) || !isFree(*each, claim, *selector); });
    std::ranges::stable_sort(
        volumes, [](const auto& a, const auto& b) { return amount(a->spec.capacity) < amount(b->spec.capacity); });
    return volumes;
}

client::Ptr<corev1::PersistentVolume> boundTo(const corev1::PersistentVolume& volume,
                                              const corev1::PersistentVolumeClaim& claim) {
    const bool wasMeant = isMeantFor(volume, claim);
    if (wasMeant && volume.spec.claimRef->uid == claim.metadata.uid) return nullptr;
    auto bound = std::make_shared<corev1::PersistentVolume>(volume);
    auto& reference = bound->spec.claimRef.emplace();
    reference.kind = "PersistentVolumeClaim";
    reference.apiVersion = "v1";
    reference.namespace_ = claim.metadata.namespace_;
    reference.name = claim.metadata.name;
    reference.uid = claim.metadata.uid;
    reference.resourceVersion = claim.metadata.resourceVersion;
    if (!wasMeant) bound->metadata.annotations[kBoundByController] = "yes";
    return bound;
}

bool hasRoom(const std::vector<client::Ptr<storagev1::CSIStorageCapacity>>& pools, const std::string& storageClass,
             std::int64_t bytes, const corev1::Node& node) {
    return std::ranges::any_of(pools, [&](const auto& pool) {
        if (pool->storageClassName != storageClass || !pool->nodeTopology) return false;
        const auto& limit = pool->maximumVolumeSize ? pool->maximumVolumeSize : pool->capacity;
        if (!limit || limit->value() < bytes) return false;
        const auto reached = api::LabelSelector::from(*pool->nodeTopology);
        return reached && reached->matches(node.metadata.labels);
    });
}

}  // namespace qd::scheduler
