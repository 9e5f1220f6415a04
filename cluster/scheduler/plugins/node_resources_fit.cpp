#include "cluster/scheduler/plugins/node_resources_fit.h"

#include <algorithm>
#include <cmath>

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

constexpr std::int64_t kFull = 100;  // percent

// On the line through the points, and level beyond its ends.
std::int64_t onLine(const std::vector<ShapePoint>& line, std::int64_t utilization) {
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (utilization > line[i].utilization) continue;
        if (i == 0) return line[0].score;
        const ShapePoint& from = line[i - 1];
        const ShapePoint& to = line[i];
        return from.score +
               (to.score - from.score) * (utilization - from.utilization) / (to.utilization - from.utilization);
    }
    return line.empty() ? 0 : line.back().score;
}

bool asksLess(const Resources& before, const Resources& after, const Resources& wanted) {
    if ((wanted.milliCpu > 0 && after.milliCpu < before.milliCpu) ||
        (wanted.memory > 0 && after.memory < before.memory))
        return true;
    if (wanted.ephemeralStorage > 0 && after.ephemeralStorage < before.ephemeralStorage) return true;
    return std::ranges::any_of(wanted.scalars,
                               [&](const auto& each) { return after.scalar(each.first) < before.scalar(each.first); });
}

bool offersMore(const Resources& before, const Resources& after, const Resources& wanted) {
    return after.pods > before.pods || asksLess(after, before, wanted);
}

// Whether a node as big as this could ever hold the Pod.
bool couldHold(const Resources& allocatable, const Resources& wanted) {
    if (allocatable.pods < 1 || wanted.milliCpu > allocatable.milliCpu || wanted.memory > allocatable.memory)
        return false;
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
        if (isIgnored(name)) continue;
        const std::int64_t usedOfIt = used.scalar(name);
        const std::int64_t capacityOfIt = capacity.scalar(name);
        if (amount > capacityOfIt - usedOfIt)
            shortage.check(amount, usedOfIt, capacityOfIt, text("Insufficient " + name));
    }
    return std::move(shortage.status);
}

// Extended resources alone can be left to somebody else.
bool NodeResourcesFit::isIgnored(const std::string& resource) const {
    if (m_arguments.ignoredResources.contains(resource)) return true;
    const auto slash = resource.find('/');
    return slash != std::string::npos && m_arguments.ignoredResourceGroups.contains(resource.substr(0, slash));
}

std::int64_t NodeResourcesFit::scoreOf(std::int64_t requested, std::int64_t capacity) const {
    switch (m_arguments.strategy) {
        case FitArguments::Strategy::LeastAllocated:
            return requested > capacity ? 0 : (capacity - requested) * kMaxScore / capacity;
        case FitArguments::Strategy::MostAllocated:
            return std::min(requested, capacity) * kMaxScore / capacity;
        case FitArguments::Strategy::RequestedToCapacityRatio:
            break;
    }
    return onLine(m_arguments.shape, requested > capacity ? kFull : requested * kFull / capacity);
}

std::int64_t NodeResourcesFit::score(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    const bool byRatio = m_arguments.strategy == FitArguments::Strategy::RequestedToCapacityRatio;
    std::int64_t sum = 0;
    std::int64_t weights = 0;
    for (const auto& resource : m_arguments.resources) {
        const std::int64_t capacity = node.allocatable().of(resource.name);
        const std::int64_t own = pod.scoringRequests.of(resource.name);
        const bool isSpecial = resource.name != "cpu" && resource.name != "memory";
        if (capacity == 0 || (isSpecial && own == 0)) continue;
        const std::int64_t score = scoreOf(node.scoringRequested().of(resource.name) + own, capacity);
        if (byRatio && score <= 0) continue;
        sum += score * resource.weight;
        weights += resource.weight;
    }
    if (weights == 0) return 0;
    return byRatio ? std::llround(static_cast<double>(sum) / static_cast<double>(weights)) : sum / weights;
}

bool NodeResourcesFit::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    if (const auto* node = event.nodeAfter()) {
        const Resources offered(node->status.allocatable);
        if (!couldHold(offered, pod.requests)) return false;
        return !event.nodeBefore() ||
               offersMore(Resources(event.nodeBefore()->status.allocatable), offered, pod.requests);
    }
    const auto* before = event.podBefore();
    const auto* after = event.podAfter();
    if (!before || !after) return true;
    // A Pod, maybe this one, asks for less of what this one needs.
    const bool itself = after->metadata.uid == pod.uid();
    return asksLess(podRequests(*before), podRequests(*after), itself ? podRequests(*before) : pod.requests);
}

}  // namespace qd::scheduler
