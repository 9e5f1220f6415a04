#include "cluster/scheduler/framework/cluster_event.h"

#include <algorithm>

#include "cluster/scheduler/framework/pod_info.h"

namespace qd::scheduler {
namespace {

// Heartbeats change the times of conditions, which nobody waits for.
bool sameConditions(const corev1::Node& a, const corev1::Node& b) {
    return std::equal(a.status.conditions.begin(), a.status.conditions.end(), b.status.conditions.begin(), b.status.conditions.end(),
                      [](const auto& x, const auto& y) { return x.type == y.type && x.status == y.status; });
}

bool asksForLess(const Resources& before, const Resources& after) {
    if (after.milliCpu < before.milliCpu || after.memory < before.memory || after.ephemeralStorage < before.ephemeralStorage) return true;
    return std::any_of(before.scalars.begin(), before.scalars.end(), [&](const auto& each) { return after.scalar(each.first) < each.second; });
}

}  // namespace

Happening nodeChange(const corev1::Node& before, const corev1::Node& after) {
    Happening what = Happening::None;
    if (before.status.allocatable != after.status.allocatable) what = what | Happening::NodeAllocatable;
    if (before.metadata.labels != after.metadata.labels) what = what | Happening::NodeLabels;
    if (before.spec.taints != after.spec.taints || before.spec.unschedulable != after.spec.unschedulable) what = what | Happening::NodeTaints;
    if (!sameConditions(before, after)) what = what | Happening::NodeConditions;
    return what;
}

Happening podChange(const corev1::Pod& before, const corev1::Pod& after) {
    Happening what = Happening::None;
    if (before.metadata.labels != after.metadata.labels) what = what | Happening::PodLabels;
    if (before.spec.tolerations != after.spec.tolerations) what = what | Happening::PodTolerations;
    if (!before.spec.schedulingGates.empty() && after.spec.schedulingGates.empty()) what = what | Happening::PodGatesLifted;
    if (asksForLess(podRequests(before), podRequests(after))) what = what | Happening::PodScaledDown;
    return what;
}

}  // namespace qd::scheduler
