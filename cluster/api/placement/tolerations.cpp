#include "cluster/api/placement/tolerations.h"

#include <algorithm>

namespace qd::api {

bool tolerates(const corev1::Toleration& toleration, const corev1::Taint& taint) {
    if (!toleration.effect.empty() && toleration.effect != taint.effect) return false;
    if (!toleration.key.empty() && toleration.key != taint.key) return false;
    if (toleration.operator_ == "Exists") return true;
    return (toleration.operator_.empty() || toleration.operator_ == "Equal") && toleration.value == taint.value;
}

bool tolerates(const std::vector<corev1::Toleration>& tolerations, const corev1::Taint& taint) {
    return std::any_of(tolerations.begin(), tolerations.end(), [&](const auto& each) { return tolerates(each, taint); });
}

bool mayBeScheduled(const std::vector<corev1::Toleration>& tolerations, const std::vector<corev1::Taint>& taints) {
    return std::none_of(taints.begin(), taints.end(), [&](const auto& taint) {
        return (taint.effect == "NoSchedule" || taint.effect == "NoExecute") && !tolerates(tolerations, taint);
    });
}

}  // namespace qd::api
