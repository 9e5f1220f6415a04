#include "cluster/scheduler/plugins/node_resources_balanced_allocation.h"

#include <algorithm>
#include <cmath>

namespace qd::scheduler {

Status NodeResourcesBalancedAllocation::preScore(CycleState&, const PodInfo& pod, const Feasible&, const Nodes&) {
    const bool asks =
        std::ranges::any_of(m_resources, [&](const auto& resource) { return pod.requests.of(resource.name) != 0; });
    return asks ? Status() : Status::skip();
}

// (1 - standard deviation of the shares in use) * kMaxScore.
std::int64_t NodeResourcesBalancedAllocation::evenness(const Resources* more, const NodeInfo& node) const {
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (const auto& resource : m_resources) {
        const std::int64_t capacity = node.allocatable().of(resource.name);
        if (capacity == 0) continue;
        const std::int64_t used = node.requested().of(resource.name) + (more ? more->of(resource.name) : 0);
        const double share = std::min(1.0, static_cast<double>(used) / static_cast<double>(capacity));
        sum += share;
        squares += share * share;
        ++count;
    }
    if (count < 2) return kMaxScore;
    const double mean = sum / count;
    const double deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
    return static_cast<std::int64_t>((1 - deviation) * static_cast<double>(kMaxScore));
}

std::int64_t NodeResourcesBalancedAllocation::score(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    return kMaxScore / 2 + (kMaxScore / 2 + evenness(&pod.requests, node) - evenness(nullptr, node)) / 2;
}

}  // namespace qd::scheduler
