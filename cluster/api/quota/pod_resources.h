// What a Pod as a whole asks for.
// Source: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers and
// KEP-753.
#pragma once

#include "cluster/api/types/core_v1.h"

namespace qd::api {

using Quantities = Map<Quantity>;

// The containers and sidecars together, or the most that an init container needs beside the sidecars started before it;
// what the Pod itself says of cpu and memory goes before that.
Quantities podRequests(const corev1::PodSpec& spec);
Quantities podLimits(const corev1::PodSpec& spec);

}  // namespace qd::api
