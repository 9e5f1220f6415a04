#include "cluster/controllers/pods/pod_conditions.h"

#include <algorithm>

namespace qd::controllers {

bool setDisruptionTarget(corev1::Pod& pod, const std::string& reason, const std::string& message, base::WallTime now) {
    corev1::PodCondition wanted;
    wanted.type = corev1::DisruptionTarget;
    wanted.status = "True";
    wanted.reason = reason;
    wanted.message = message;
    wanted.observedGeneration = pod.metadata.generation;
    wanted.lastTransitionTime = api::Time(now);
    auto& conditions = pod.status.conditions;
    const auto found = std::find_if(conditions.begin(), conditions.end(), [](const auto& condition) { return condition.type == corev1::DisruptionTarget; });
    if (found == conditions.end()) {
        conditions.push_back(std::move(wanted));
        return true;
    }
    wanted.lastProbeTime = found->lastProbeTime;
    if (found->status == wanted.status) wanted.lastTransitionTime = found->lastTransitionTime;
    if (*found == wanted) return false;
    *found = std::move(wanted);
    return true;
}

}  // namespace qd::controllers
