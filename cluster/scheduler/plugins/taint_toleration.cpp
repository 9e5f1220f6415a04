#include "cluster/scheduler/plugins/taint_toleration.h"

#include <algorithm>

#include "cluster/api/placement/tolerations.h"

namespace qd::scheduler {
namespace {

bool isSoft(const corev1::Taint& taint) { return taint.effect == "PreferNoSchedule"; }

}  // namespace

Status TaintToleration::filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    if (api::mayBeScheduled(pod.pod->spec.tolerations, node.node()->spec.taints)) return {};
    return Status::unresolvable(m_untolerated);
}

Status TaintToleration::preScore(CycleState&, const PodInfo&, const Feasible& feasible, const Nodes&) {
    // Without any such taint every node would get the same score, which decides nothing.
    const bool any = std::any_of(feasible.begin(), feasible.end(), [](const NodeInfo* node) {
        const auto& taints = node->node()->spec.taints;
        return std::any_of(taints.begin(), taints.end(), isSoft);
    });
    return any ? Status() : Status::skip();
}

std::int64_t TaintToleration::score(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    const auto& taints = node.node()->spec.taints;
    return std::count_if(taints.begin(), taints.end(), [&](const auto& taint) { return isSoft(taint) && !api::tolerates(pod.pod->spec.tolerations, taint); });
}

void TaintToleration::normalize(const CycleState&, const Feasible&, std::vector<std::int64_t>& scores) const { normalizeToMax(scores, true); }

bool TaintToleration::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    const auto* node = event.nodeAfter();
    if (!node) return event.podAfter() && event.podAfter()->metadata.uid == pod.uid();
    const auto& tolerations = pod.pod->spec.tolerations;
    const bool before = event.nodeBefore() && api::mayBeScheduled(tolerations, event.nodeBefore()->spec.taints);
    return !before && api::mayBeScheduled(tolerations, node->spec.taints);
}

}  // namespace qd::scheduler
