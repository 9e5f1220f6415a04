// Which EndpointSlices a Service should have, with as few writes as possible. Pure.
//
// Endpoints stay in the slice in which they are; new ones fill slices that are written anyway, then the fullest slice
// that has room for all of them, then new slices.
// Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/, KEP-0752.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/discovery_v1.h"
#include "cluster/controllers/services/service_pods.h"

namespace qd::controllers {

inline constexpr char kSliceManagedBy[] = "endpointslice-controller.k8s.io";
inline constexpr std::size_t kMaxEndpointsPerSlice = 100;

using Slices = std::vector<client::Ptr<discoveryv1::EndpointSlice>>;

struct SlicePlan {
    std::vector<discoveryv1::EndpointSlice> create;
    std::vector<discoveryv1::EndpointSlice> update;
    Slices remove;
    // Pods that were left out because nothing is known of their nodes.
    std::vector<std::string> podsWithoutNode;

    bool empty() const { return create.empty() && update.empty() && remove.empty(); }
};

struct SliceInput {
    const corev1::Service& service;
    const ServicePods& pods;
    const Slices& existing;  // those that this controller made for the Service
    // The node of that name, or null.
    std::function<client::Ptr<corev1::Node>(const std::string&)> node;
};

SlicePlan planSlices(const SliceInput& input, std::size_t maxEndpoints = kMaxEndpointsPerSlice);

}  // namespace qd::controllers
