#include "cluster/scheduler/plugins/node_ports.h"

#include <algorithm>

namespace qd::scheduler {

PreFilterResult NodePorts::preFilter(CycleState&, const PodInfo& pod, const Nodes&) {
    if (pod.hostPorts.empty()) return {.status = Status::skip()};
    return {};
}

Status NodePorts::filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    for (const auto& wanted : pod.hostPorts) {
        const auto& used = node.usedPorts();
        if (std::any_of(used.begin(), used.end(), [&](const auto& port) { return port.conflictsWith(wanted); }))
            return Status::unschedulable(m_taken);
    }
    return {};
}

bool NodePorts::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    const auto* gone = event.podBefore();
    if (!gone) return true;
    const auto freed = hostPortsOf(*gone);
    return std::any_of(freed.begin(), freed.end(), [&](const auto& port) {
        return std::any_of(pod.hostPorts.begin(), pod.hostPorts.end(),
                           [&](const auto& wanted) { return port.conflictsWith(wanted); });
    });
}

}  // namespace qd::scheduler
