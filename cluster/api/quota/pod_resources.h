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

// What a Pod takes while it may be in the middle of a resize: of each container (and sidecar) the most of what is asked,
// allotted and in force, or, where the node has refused for good, of the latter two. Limits are not allotted. Source: KEP-1287.
Quantities podRequestsNow(const corev1::Pod& pod);
Quantities podLimitsNow(const corev1::Pod& pod);

}  // namespace qd::api
