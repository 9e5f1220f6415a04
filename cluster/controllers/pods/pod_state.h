// What several controllers ask about a Pod. All functions are pure.
// Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/.
#pragma once

#include <optional>
#include <string_view>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::controllers {

const corev1::PodCondition* podCondition(const corev1::PodStatus& status, std::string_view type);

bool isReady(const corev1::Pod& pod);
// Since when the Pod is ready; zero when it is not or does not say.
api::Time readySince(const corev1::Pod& pod);
// Ready for at least minReadySeconds.
bool isAvailable(const corev1::Pod& pod, std::int32_t minReadySeconds, base::WallTime now);
// How long until isAvailable turns true by the passing of time alone; nothing when it will not.
std::optional<base::Duration> availableIn(const corev1::Pod& pod, std::int32_t minReadySeconds, base::WallTime now);

// Succeeded or Failed.
bool isFinished(const corev1::Pod& pod);
// Neither finished nor being deleted.
bool isActive(const corev1::Pod& pod);
// Being deleted, and not finished.
bool isTerminating(const corev1::Pod& pod);

}  // namespace qd::controllers
