#include "cluster/scheduler/plugins/scheduling_gates.h"

#include <fmt/format.h>

namespace qd::scheduler {

Status SchedulingGates::preEnqueue(const PodInfo& pod) const {
    if (pod.pod->spec.schedulingGates.empty()) return {};
    std::string names;
    for (const auto& gate : pod.pod->spec.schedulingGates) names += (names.empty() ? "" : " ") + gate.name;
    return Status::unresolvable(text(fmt::format("waiting for scheduling gates: [{}]", names)));
}

bool SchedulingGates::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    return event.podAfter() && event.podAfter()->metadata.uid == pod.uid();
}

}  // namespace qd::scheduler
