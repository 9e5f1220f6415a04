#pragma once

#include <vector>

#include "app/views/endpoints_model.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/discovery_v1.h"
#include "cluster/base/time.h"

namespace qd::models {

// The picture of a Service: its EndpointSlices (those labelled kubernetes.io/service-name), grouped by node, and the
// Pods of its namespace. Pods that its selector chooses and that are in no slice appear too, with what keeps them out.
// Pure.
//
// An endpoint gets traffic when it is ready; one that terminates and still serves gets it only while no other is ready
// (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions).
views::EndpointsModel buildEndpoints(const corev1::Service& service,
                                     const std::vector<const discoveryv1::EndpointSlice*>& slices,
                                     const std::vector<const corev1::Pod*>& pods, base::WallTime now);

}  // namespace qd::models
