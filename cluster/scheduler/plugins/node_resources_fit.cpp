#include "cluster/scheduler/plugins/node_resources_fit.h"

namespace qd::scheduler {
namespace {

struct Shortage {
    Status status;

    void check(std::int64_t wanted, std::int64_t used, std::int64_t capacity, const Text& reason) {
        if (wanted <= 0 || wanted <= capacity - used) return;
        status.reasons.push_back(reason);
        if (wanted > capacity) {
            status.code = Code::UnschedulableAndUnresolvable;
        } else if (status.code == Code::Success) {
            status.code = Code::Unschedulable;
        }
    }
};

// How much of it would be left, 0 to kMaxScore.
std::int64_t leftOver(std::int64_t requested, std::int64_t capacity) {
    return requested > capacity ? 0 : (capacity - requested) * kMaxScore / capacity;
}

// Whether a node as big as this could ever hold the Pod.
bool couldHold(const Resources& allocatable, const Resources& wanted) {
    if (allocatable.pods < 1 || wanted.milliCpu > allocatable.milliCpu || wanted.memory > allocatable.memory) return false;
    if (wanted.ephemeralStorage > allocatable.ephemeralStorage) return false;
    for (const auto& [name, amount] : wanted.scalars) {
        if (amount > allocatable.scalar(name)) return false;
    }
    return true;
}

}  // namespace

Status NodeResourcesFit::filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    const Resources& wanted = pod.requests;
    const Resources& used = node.requested();
    const Resources& capacity = node.allocatable();
    Shortage shortage;
    if (static_cast<std::int64_t>(node.pods().size()) + 1 > capacity.pods) {
        shortage.status = Status::unschedulable(m_tooManyPods);
    }
    shortage.check(wanted.milliCpu, used.milliCpu, capacity.milliCpu, m_cpu);
    shortage.check(wanted.memory, used.memory, capacity.memory, m_memory);
    shortage.check(wanted.ephemeralStorage, used.ephemeralStorage, capacity.ephemeralStorage, m_ephemeralStorage);
    for (const auto& [name, amount] : wanted.scalars) {
        const std::int64_t usedOfIt = used.scalar(name);
        const std::int64_t capacityOfIt = capacity.scalar(name);
        if (amount > capacityOfIt - usedOfIt) shortage.check(amount, usedOfIt, capacityOfIt, text("Insufficient " + name));
    }
    return std::move(shortage.status);
}

std::int64_t NodeResourcesFit::score(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    std::int64_t sum = 0;
    std::int64_t weights = 0;
    const auto add = [&](std::int64_t requested, std::int64_t capacity) {
        if (capacity == 0) return;
        sum += leftOver(requested, capacity);
        ++weights;
    };
    add(node.scoringRequested().milliCpu + pod.scoringRequests.milliCpu, node.allocatable().milliCpu);
    add(node.scoringRequested().memory + pod.scoringRequests.memory, node.allocatable().memory);
    return weights == 0 ? 0 : sum / weights;
}

bool NodeResourcesFit::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    const auto* node = event.nodeAfter();
    return !node || couldHold(Resources(node->status.allocatable), pod.requests);
}

}  // namespace qd::scheduler
