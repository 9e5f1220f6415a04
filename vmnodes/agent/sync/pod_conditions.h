// The conditions of a Pod that the agent owns. Pure.
#pragma once

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::agent::sync {

// Writes PodReadyToStartContainers, Initialized, Ready, ContainersReady and PodScheduled into `status`, whose phase and
// container statuses are set. Conditions of others are kept from the Pod. A condition whose status does not change
// keeps its time.
void setConditions(const corev1::Pod& pod, bool sandboxReady, const corev1::PodStatus& old, base::WallTime now,
                   corev1::PodStatus& status);

}  // namespace qd::agent::sync
