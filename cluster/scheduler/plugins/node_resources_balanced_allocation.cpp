#include "cluster/scheduler/plugins/node_resources_balanced_allocation.h"

#include <algorithm>
#include <cmath>

namespace qd::scheduler {
namespace {

// (1 - standard deviation of the shares in use) * kMaxScore. With two resources the deviation is half their difference.
std::int64_t evenness(std::int64_t cpu, std::int64_t memory, const Resources& allocatable) {
    if (allocatable.milliCpu == 0 || allocatable.memory == 0) return kMaxScore;
    const double cpuShare = std::min(1.0, static_cast<double>(cpu) / static_cast<double>(allocatable.milliCpu));
    const double memoryShare = std::min(1.0, static_cast<double>(memory) / static_cast<double>(allocatable.memory));
    return static_cast<std::int64_t>((1 - std::abs(cpuShare - memoryShare) / 2) * static_cast<double>(kMaxScore));
}

}  // namespace

Status NodeResourcesBalancedAllocation::preScore(CycleState&, const PodInfo& pod, const Feasible&, const Nodes&) {
    return pod.requests.milliCpu == 0 && pod.requests.memory == 0 ? Status::skip() : Status();
}

std::int64_t NodeResourcesBalancedAllocation::score(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    const Resources& used = node.requested();
    const std::int64_t with = evenness(used.milliCpu + pod.requests.milliCpu, used.memory + pod.requests.memory, node.allocatable());
    const std::int64_t without = evenness(used.milliCpu, used.memory, node.allocatable());
    return kMaxScore / 2 + (kMaxScore / 2 + with - without) / 2;
}

}  // namespace qd::scheduler
