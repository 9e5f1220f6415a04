#include "cluster/controllers/node_lifecycle/node_health.h"

#include <algorithm>
#include <array>

#include "cluster/controllers/nodes/node_state.h"

namespace qd::controllers {
namespace {

struct ConditionTaint {
    const char* condition;
    const char* status;
    const char* key;
};

constexpr std::array<ConditionTaint, 6> kConditionTaints = {{
    {corev1::NodeReady, "False", corev1::TaintNodeNotReady},
    {corev1::NodeReady, "Unknown", corev1::TaintNodeUnreachable},
    {corev1::NodeMemoryPressure, "True", corev1::TaintNodeMemoryPressure},
    {corev1::NodeDiskPressure, "True", corev1::TaintNodeDiskPressure},
    {"NetworkUnavailable", "True", corev1::TaintNodeNetworkUnavailable},
    {corev1::NodePIDPressure, "True", corev1::TaintNodePIDPressure},
}};

constexpr char kNoSchedule[] = "NoSchedule";
constexpr char kNoExecute[] = "NoExecute";

bool isOurs(const corev1::Taint& taint) {
    if (taint.effect == kNoExecute) return taint.key == corev1::TaintNodeNotReady || taint.key == corev1::TaintNodeUnreachable;
    if (taint.effect != kNoSchedule) return false;
    if (taint.key == corev1::TaintNodeUnschedulable) return true;
    return std::any_of(kConditionTaints.begin(), kConditionTaints.end(), [&](const auto& each) { return taint.key == each.key; });
}

std::vector<corev1::Taint> wantedTaints(const corev1::Node& node, bool mayEvict) {
    std::vector<corev1::Taint> wanted;
    const auto add = [&wanted](const char* key, const char* effect) {
        auto& taint = wanted.emplace_back();
        taint.key = key;
        taint.effect = effect;
    };
    for (const auto& each : kConditionTaints) {
        const auto* condition = nodeCondition(node, each.condition);
        if (condition && condition->status == each.status) add(each.key, kNoSchedule);
    }
    if (node.spec.unschedulable) add(corev1::TaintNodeUnschedulable, kNoSchedule);
    const std::string ready = readiness(node);
    if (mayEvict && ready == "False") add(corev1::TaintNodeNotReady, kNoExecute);
    if (mayEvict && ready == "Unknown") add(corev1::TaintNodeUnreachable, kNoExecute);
    return wanted;
}

}  // namespace

NodeHealth observeHealth(const std::optional<NodeHealth>& before, const corev1::Node& node, const coordinationv1::Lease* lease, base::SteadyTime now) {
    NodeHealth health = before.value_or(NodeHealth{now, {}, std::nullopt});
    const auto* ready = nodeCondition(node, corev1::NodeReady);
    if (ready && ready->lastHeartbeatTime != health.heartbeat) {
        health.heartbeat = ready->lastHeartbeatTime;
        health.seen = now;
    }
    if (lease && lease->spec.renewTime && health.renewed != lease->spec.renewTime) {
        health.renewed = lease->spec.renewTime;
        health.seen = now;
    }
    return health;
}

bool isSilent(const NodeHealth& health, const corev1::Node& node, base::SteadyTime now) {
    return now > health.seen + (nodeCondition(node, corev1::NodeReady) ? kMonitorGrace : kStartupGrace);
}

corev1::NodeStatus silentStatus(const corev1::Node& node, base::WallTime now) {
    corev1::NodeStatus status = node.status;
    for (const char* type : {corev1::NodeReady, corev1::NodeMemoryPressure, corev1::NodeDiskPressure, corev1::NodePIDPressure}) {
        const auto found = std::find_if(status.conditions.begin(), status.conditions.end(), [type](const auto& condition) { return condition.type == type; });
        if (found == status.conditions.end()) {
            auto& condition = status.conditions.emplace_back();
            condition.type = type;
            condition.status = "Unknown";
            condition.reason = "NodeStatusNeverUpdated";
            condition.message = "Kubelet never posted node status.";
            condition.lastHeartbeatTime = node.metadata.creationTimestamp;
            condition.lastTransitionTime = api::Time(now);
        } else if (found->status != "Unknown") {
            found->status = "Unknown";
            found->reason = "NodeStatusUnknown";
            found->message = "Kubelet stopped posting node status.";
            found->lastTransitionTime = api::Time(now);
        }
    }
    return status;
}

std::vector<corev1::Taint> planTaints(const corev1::Node& node, bool mayEvict, base::WallTime now) {
    auto wanted = wantedTaints(node, mayEvict);
    std::vector<corev1::Taint> taints;
    for (const auto& taint : node.spec.taints) {
        const auto found = std::find_if(wanted.begin(), wanted.end(), [&](const auto& each) { return each.key == taint.key && each.effect == taint.effect; });
        if (found != wanted.end()) {
            wanted.erase(found);
        } else if (isOurs(taint)) {
            continue;
        }
        taints.push_back(taint);
    }
    for (auto& taint : wanted) {
        taint.timeAdded = api::Time(now);
        taints.push_back(std::move(taint));
    }
    return taints;
}

}  // namespace qd::controllers
