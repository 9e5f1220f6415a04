#include "cluster/scheduler/plugins/default_preemption.h"

namespace qd::scheduler {

PostFilterResult DefaultPreemption::postFilter(CycleState&, const PodInfo& pod, const Nodes& nodes, const Diagnosis& diagnosis) {
    if (pod.pod->spec.preemptionPolicy == "Never") {
        return {.status = Status::unschedulable(text("preemption: not eligible due to preemptionPolicy=Never."))};
    }
    Diagnosis verdicts;
    verdicts.allNodes = nodes.all().size();
    verdicts.absent = Status::unresolvable(m_notHelpful);
    for (const auto& verdict : diagnosis.nodes) {
        if (verdict.status.code == Code::Unschedulable) verdicts.add(verdict.node, Status::unresolvable(m_noVictims));
    }
    return {.status = Status::unschedulable(text("preemption: " + verdicts.message())), .nominatedNode = ""};
}

}  // namespace qd::scheduler
