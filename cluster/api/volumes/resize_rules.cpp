#include "cluster/api/volumes/resize_rules.h"

#include <algorithm>
#include <set>

namespace qd::api::volumes {
namespace {

using Condition = corev1::PersistentVolumeClaimCondition;

const std::set<std::string_view> kOfResizing = {"FileSystemResizePending", "Resizing", "ControllerResizeError",
                                                "NodeResizeError"};

Condition condition(const char* type, base::WallTime now, std::string message = {}) {
    Condition made;
    made.type = type;
    made.status = corev1::ConditionTrue;
    made.lastTransitionTime = Time(now);
    made.message = std::move(message);
    return made;
}

// Conditions of other matters stay; those of resizing become these, and one that held already stays as it was.
void setConditions(ClaimStatus& status, std::vector<Condition> wanted) {
    std::vector<Condition> merged;
    for (auto& old : status.conditions) {
        if (!kOfResizing.contains(old.type)) {
            merged.push_back(std::move(old));
            continue;
        }
        const auto same = std::ranges::find(wanted, old.type, &Condition::type);
        if (same == wanted.end()) continue;
        merged.push_back(same->status == old.status ? std::move(old) : std::move(*same));
        wanted.erase(same);
    }
    std::ranges::move(wanted, std::back_inserter(merged));
    status.conditions = std::move(merged);
}

Quantity storageIn(const Map<Quantity>& amounts) {
    const auto found = amounts.find(corev1::ResourceStorage);
    return found == amounts.end() ? Quantity() : found->second;
}

}  // namespace

ClaimStatus growing(const Claim& claim, const Quantity& size, base::WallTime now) {
    ClaimStatus status = claim.status;
    status.allocatedResources[corev1::ResourceStorage] = size;
    status.allocatedResourceStatuses[corev1::ResourceStorage] = corev1::PersistentVolumeClaimControllerResizeInProgress;
    setConditions(status, {condition(corev1::PersistentVolumeClaimResizing, now)});
    return status;
}

ClaimStatus awaitingNode(const Claim& claim, base::WallTime now) {
    ClaimStatus status = claim.status;
    status.allocatedResourceStatuses[corev1::ResourceStorage] = corev1::PersistentVolumeClaimNodeResizePending;
    setConditions(status, {condition(corev1::PersistentVolumeClaimFileSystemResizePending, now,
                                     "Waiting for user to (re-)start a pod to finish file system resize of volume on "
                                     "node.")});
    return status;
}

ClaimStatus growingOnNode(const Claim& claim) {
    ClaimStatus status = claim.status;
    status.allocatedResourceStatuses[corev1::ResourceStorage] = corev1::PersistentVolumeClaimNodeResizeInProgress;
    return status;
}

ClaimStatus grown(const Claim& claim, const Quantity& size) {
    ClaimStatus status = claim.status;
    status.capacity[corev1::ResourceStorage] = size;
    status.allocatedResourceStatuses.erase(corev1::ResourceStorage);
    setConditions(status, {});
    return status;
}

std::string resizeStage(const Claim& claim) {
    const auto& stages = claim.status.allocatedResourceStatuses;
    const auto found = stages.find(corev1::ResourceStorage);
    return found == stages.end() ? std::string() : found->second;
}

Quantity sizeBegun(const Claim& claim) {
    return storageIn(claim.status.allocatedResources);
}
Quantity presentSize(const Claim& claim) {
    return storageIn(claim.status.capacity);
}

}  // namespace qd::api::volumes
