// Whether Pods put up with taints. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/.
#pragma once

#include <vector>

#include "cluster/api/types/core_v1.h"

namespace qd::api {

bool tolerates(const corev1::Toleration& toleration, const corev1::Taint& taint);
bool tolerates(const std::vector<corev1::Toleration>& tolerations, const corev1::Taint& taint);
// Whether no NoSchedule or NoExecute taint is left that the tolerations do not cover.
bool mayBeScheduled(const std::vector<corev1::Toleration>& tolerations, const std::vector<corev1::Taint>& taints);

}  // namespace qd::api
