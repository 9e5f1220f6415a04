#include "cluster/scheduler/plugins/node_unschedulable.h"

#include "cluster/api/placement/tolerations.h"

namespace qd::scheduler {
namespace {

corev1::Taint cordonTaint() {
    corev1::Taint taint;
    taint.key = "node.kubernetes.io/unschedulable";
    taint.effect = "NoSchedule";
    return taint;
}

bool allows(const corev1::Pod& pod, const corev1::Node& node) {
    if (!node.spec.unschedulable) return true;
    static const corev1::Taint taint = cordonTaint();
    return api::tolerates(pod.spec.tolerations, taint);
}

}  // namespace

Status NodeUnschedulable::filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    if (allows(*pod.pod, *node.node())) return {};
    return Status::unresolvable(m_unschedulable);
}

bool NodeUnschedulable::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    if (const auto* node = event.nodeAfter()) return !node->spec.unschedulable && (!event.nodeBefore() || event.nodeBefore()->spec.unschedulable);
    return event.podAfter() && event.podAfter()->metadata.uid == pod.uid();
}

}  // namespace qd::scheduler
