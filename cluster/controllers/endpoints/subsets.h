// The subsets of an Endpoints object: addresses grouped by the ports at which they answer. Pure.
#pragma once

#include <vector>

#include "cluster/controllers/services/service_pods.h"

namespace qd::controllers {

inline constexpr std::size_t kEndpointsCapacity = 1000;

std::vector<corev1::EndpointSubset> planSubsets(const corev1::Service& service, const ServicePods& pods);
// The same addresses and ports in their shortest form and in one order: ports that have the same addresses stand together.
std::vector<corev1::EndpointSubset> repackSubsets(const std::vector<corev1::EndpointSubset>& subsets);
// Drops addresses beyond the capacity, those that are not ready first. Returns whether there were too many.
bool truncateSubsets(std::vector<corev1::EndpointSubset>& subsets);

}  // namespace qd::controllers
