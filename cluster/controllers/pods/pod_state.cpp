#include "cluster/controllers/pods/pod_state.h"

namespace qd::controllers {

const corev1::PodCondition* podCondition(const corev1::PodStatus& status, std::string_view type) {
    for (const auto& condition : status.conditions) {
        if (condition.type == type) return &condition;
    }
    return nullptr;
}

bool isReady(const corev1::Pod& pod) {
    const auto* condition = podCondition(pod.status, corev1::PodReady);
    return condition && condition->status == corev1::ConditionTrue;
}

api::Time readySince(const corev1::Pod& pod) {
    const auto* condition = podCondition(pod.status, corev1::PodReady);
    return condition && condition->status == corev1::ConditionTrue ? condition->lastTransitionTime : api::Time();
}

bool isAvailable(const corev1::Pod& pod, std::int32_t minReadySeconds, base::WallTime now) {
    if (!isReady(pod)) return false;
    if (minReadySeconds == 0) return true;
    const api::Time since = readySince(pod);
    return !since.isZero() && since.wall() + std::chrono::seconds(minReadySeconds) <= now;
}

std::optional<base::Duration> availableIn(const corev1::Pod& pod, std::int32_t minReadySeconds, base::WallTime now) {
    if (!isReady(pod) || minReadySeconds <= 0) return std::nullopt;
    const api::Time since = readySince(pod);
    if (since.isZero()) return std::nullopt;
    const base::Duration left = since.wall() + std::chrono::seconds(minReadySeconds) - now;
    if (left <= base::Duration(0)) return std::nullopt;
    return left;
}

bool isFinished(const corev1::Pod& pod) {
    return pod.status.phase == corev1::PodSucceeded || pod.status.phase == corev1::PodFailed;
}

bool isActive(const corev1::Pod& pod) { return !isFinished(pod) && !pod.metadata.deletionTimestamp; }

bool isTerminating(const corev1::Pod& pod) { return !isFinished(pod) && pod.metadata.deletionTimestamp; }

}  // namespace qd::controllers
