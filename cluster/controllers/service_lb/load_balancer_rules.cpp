#include "cluster/controllers/service_lb/load_balancer_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace qd::controllers {
namespace {

using corev1::Service;

constexpr char kToBeDeletedTaint[] = "ToBeDeletedByClusterAutoscaler";

bool samePort(const corev1::ServicePort& a, const corev1::ServicePort& b) {
    return a.name == b.name && a.protocol == b.protocol && a.port == b.port && a.nodePort == b.nodePort && a.targetPort == b.targetPort && a.appProtocol == b.appProtocol;
}

bool samePorts(const Service& a, const Service& b) { return std::ranges::equal(a.spec.ports, b.spec.ports, samePort); }

std::string listed(const std::vector<std::string>& texts) { return fmt::format("[{}]", fmt::join(texts, " ")); }

template <typename T>
ServiceChange told(const char* reason, const T& before, const T& after) {
    return {true, reason, fmt::format("{} -> {}", before, after)};
}

ServiceChange externalAddressChange(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    if (before.size() != after.size()) return {true, "ExternalIP", fmt::format("Count: {} -> {}", before.size(), after.size())};
    for (std::size_t i = 0; i < after.size(); ++i) {
        if (before[i] != after[i]) return {true, "ExternalIP", "Added: " + after[i]};
    }
    return {};
}

}  // namespace

bool wantsLoadBalancer(const Service& service) { return service.spec.type == corev1::ServiceTypeLoadBalancer && !service.spec.loadBalancerClass; }

bool hasLoadBalancerFinalizer(const Service& service) {
    const auto& finalizers = service.metadata.finalizers;
    return std::ranges::find(finalizers, kLoadBalancerFinalizer) != finalizers.end();
}

bool needsCleanup(const Service& service) {
    return hasLoadBalancerFinalizer(service) && (service.metadata.deletionTimestamp || service.spec.type != corev1::ServiceTypeLoadBalancer);
}

ServiceChange changeOf(const Service& old, const Service& now) {
    const auto& before = old.spec;
    const auto& after = now.spec;
    if (!wantsLoadBalancer(old) && !wantsLoadBalancer(now)) return {};
    if (wantsLoadBalancer(old) != wantsLoadBalancer(now)) return told("Type", before.type, after.type);
    if (before.loadBalancerSourceRanges != after.loadBalancerSourceRanges) {
        return told("LoadBalancerSourceRanges", listed(before.loadBalancerSourceRanges), listed(after.loadBalancerSourceRanges));
    }
    if (!samePorts(old, now) || before.sessionAffinity != after.sessionAffinity) return {.matters = true, .reason = {}, .message = {}};
    if (!(before.sessionAffinityConfig == after.sessionAffinityConfig)) return {.matters = true, .reason = {}, .message = {}};
    if (before.loadBalancerIP != after.loadBalancerIP) return told("LoadbalancerIP", before.loadBalancerIP, after.loadBalancerIP);
    if (auto change = externalAddressChange(before.externalIPs, after.externalIPs); change.matters) return change;
    if (old.metadata.annotations != now.metadata.annotations) return {.matters = true, .reason = {}, .message = {}};
    if (old.metadata.uid != now.metadata.uid) return told("UID", old.metadata.uid, now.metadata.uid);
    if (before.externalTrafficPolicy != after.externalTrafficPolicy) return told("ExternalTrafficPolicy", before.externalTrafficPolicy, after.externalTrafficPolicy);
    if (before.healthCheckNodePort != after.healthCheckNodePort) return told("HealthCheckNodePort", before.healthCheckNodePort, after.healthCheckNodePort);
    if (before.ipFamilies.size() != after.ipFamilies.size()) {
        return {true, "IPFamilies", fmt::format("Count: {} -> {}", before.ipFamilies.size(), after.ipFamilies.size())};
    }
    return {};
}

bool takesTraffic(const corev1::Node& node) {
    return !node.metadata.labels.contains(corev1::LabelNodeExcludeBalancers) &&
           std::ranges::none_of(node.spec.taints, [](const corev1::Taint& taint) { return taint.key == kToBeDeletedTaint; });
}

}  // namespace qd::controllers
