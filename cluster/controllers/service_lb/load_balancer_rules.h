// When a Service has a load balancer, and which changes of it matter to one. Pure.
// Source: https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"

namespace qd::controllers {

inline constexpr char kLoadBalancerFinalizer[] = "service.kubernetes.io/load-balancer-cleanup";

// Of the type LoadBalancer, and not of a class that somebody else implements.
bool wantsLoadBalancer(const corev1::Service& service);
// Marked as having one that must be taken away: it is being deleted or of another type now.
bool needsCleanup(const corev1::Service& service);
bool hasLoadBalancerFinalizer(const corev1::Service& service);

struct ServiceChange {
    bool matters = false;
    // What to tell of it, where upstream does; empty: nothing.
    std::string reason;
    std::string message;
};
ServiceChange changeOf(const corev1::Service& old, const corev1::Service& now);

// Whether traffic may go to the node: it is not left out by its label and not about to be taken away.
bool takesTraffic(const corev1::Node& node);

}  // namespace qd::controllers
