// Source: https://kubernetes.io/docs/concepts/services-networking/service/.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/core/service_rules.h"

namespace qd::api {
namespace {

using corev1::Service;

constexpr std::int32_t kDefaultAffinitySeconds = 10800;

void setDefaults(Object& object) {
    auto& service = as<Service>(object);
    auto& spec = service.spec;
    if (spec.sessionAffinity.empty()) spec.sessionAffinity = "None";
    if (spec.sessionAffinity == "None") spec.sessionAffinityConfig.reset();
    if (spec.sessionAffinity == "ClientIP") {
        auto& config = spec.sessionAffinityConfig;
        if (!config || !config->clientIP || !config->clientIP->timeoutSeconds) config.emplace().clientIP.emplace().timeoutSeconds = kDefaultAffinitySeconds;
    }
    if (spec.type.empty()) spec.type = "ClusterIP";
    for (auto& port : spec.ports) {
        if (port.protocol.empty()) port.protocol = "TCP";
        const bool unset = port.targetPort.isString ? port.targetPort.text.empty() : port.targetPort.number == 0;
        if (unset) port.targetPort = IntOrString(port.port);
    }
    if (isExternallyAccessible(service) && spec.externalTrafficPolicy.empty()) spec.externalTrafficPolicy = "Cluster";
    if (!spec.internalTrafficPolicy && contains({"NodePort", "LoadBalancer", "ClusterIP"}, spec.type)) spec.internalTrafficPolicy = "Cluster";
    if (spec.type != "LoadBalancer") return;
    if (!spec.allocateLoadBalancerNodePorts) spec.allocateLoadBalancerNodePorts = true;
    for (auto& ingress : service.status.loadBalancer.ingress) {
        if (!ingress.ip.empty() && !ingress.ipMode) ingress.ipMode = "VIP";
    }
}

bool needsNodePorts(const Service& service) { return contains({"NodePort", "LoadBalancer"}, service.spec.type); }

// Whether every node port of `now` was one of `old` before.
bool hasNoNewNodePorts(const Service& now, const Service& old) {
    std::set<std::int32_t> before{0};
    for (const auto& port : old.spec.ports) before.insert(port.nodePort);
    return std::all_of(now.spec.ports.begin(), now.spec.ports.end(), [&](const auto& port) { return before.contains(port.nodePort); });
}

// When the type changes, goes what the new type has no use for, unless the client changed that too: then validation tells.
void dropWhatTheTypeHasNoUseFor(Service& now, const Service& old) {
    auto& spec = now.spec;
    if (old.spec.type != "ExternalName" && spec.type == "ExternalName") {
        if (spec.clusterIP == old.spec.clusterIP && spec.clusterIPs == old.spec.clusterIPs) {
            spec.clusterIP.clear();
            spec.clusterIPs.clear();
        }
        if (spec.ipFamilies == old.spec.ipFamilies) spec.ipFamilies.clear();
        if (spec.ipFamilyPolicy == old.spec.ipFamilyPolicy) spec.ipFamilyPolicy.reset();
    }
    if (needsNodePorts(old) && !needsNodePorts(now) && hasNoNewNodePorts(now, old)) {
        for (auto& port : spec.ports) port.nodePort = 0;
    }
    if (needsHealthCheckPort(old) && !needsHealthCheckPort(now) && spec.healthCheckNodePort == old.spec.healthCheckNodePort) spec.healthCheckNodePort = 0;
    if (old.spec.type == "LoadBalancer" && spec.type != "LoadBalancer") {
        if (spec.allocateLoadBalancerNodePorts == old.spec.allocateLoadBalancerNodePorts) spec.allocateLoadBalancerNodePorts.reset();
        if (spec.loadBalancerClass == old.spec.loadBalancerClass) spec.loadBalancerClass.reset();
    }
    if (isExternallyAccessible(old) && !isExternallyAccessible(now) && spec.externalTrafficPolicy == old.spec.externalTrafficPolicy) spec.externalTrafficPolicy.clear();
    if (spec.type != "LoadBalancer") now.status.loadBalancer = {};
}

std::string balancerText(const Service& service) {
    std::set<std::string> addresses;
    for (const auto& ingress : service.status.loadBalancer.ingress) {
        if (!ingress.ip.empty() || !ingress.hostname.empty()) addresses.insert(ingress.ip.empty() ? ingress.hostname : ingress.ip);
    }
    return joined({addresses.begin(), addresses.end()});
}

std::string externalText(const Service& service) {
    const std::string& type = service.spec.type;
    const std::string given = joined(service.spec.externalIPs);
    if (type == "ClusterIP" || type == "NodePort") return orNone(given);
    if (type == "ExternalName") return service.spec.externalName;
    if (type != "LoadBalancer") return "<unknown>";
    const std::string balanced = balancerText(service);
    if (balanced.empty() && given.empty()) return "<pending>";
    return balanced + (balanced.empty() || given.empty() ? "" : ",") + given;
}

std::string portsText(const Service& service) {
    std::vector<std::string> ports;
    for (const auto& port : service.spec.ports) {
        ports.push_back(port.nodePort > 0 ? fmt::format("{}:{}/{}", port.port, port.nodePort, port.protocol) : fmt::format("{}/{}", port.port, port.protocol));
    }
    return orNone(joined(ports));
}

}  // namespace

Kind serviceKind() {
    Kind kind = plainKind("", "v1", "Service");
    kind.shortNames = {"svc"};
    kind.categories = {"all"};
    kind.subresources = {{.name = "proxy", .kind = "ServiceProxyOptions", .verbs = {"create", "delete", "get", "patch", "update"}}};
    addStatus(kind);
    kind.allowCreateOnUpdate = true;
    kind.returnsDeletedObject = true;
    kind.nameErrors = nameAsLabelErrors;
    kind.defaults = setDefaults;
    kind.update.prepare = [](Object& now, const Object& old) {
        as<Service>(now).status = as<Service>(old).status;
        dropWhatTheTypeHasNoUseFor(as<Service>(now), as<Service>(old));
    };
    validateCreate(kind, [](const Object& object) { return serviceErrors(as<Service>(object)); });
    validateUpdate(kind, [](const Object& now, const Object& old) { return serviceUpdateErrors(as<Service>(now), as<Service>(old)); });
    validateSubresource(kind, "status", [](const Object& now, const Object& old) { return serviceStatusErrors(as<Service>(now), as<Service>(old)); });
    kind.warnings = [](const Object& now, const Object*) { return serviceWarnings(as<Service>(now)); };
    kind.update.warnings = kind.warnings;
    kind.selectableFieldNames = {"spec.clusterIP", "spec.type"};
    kind.selectableFields = [](const Object& object) -> std::map<std::string, std::string> {
        return {{"spec.clusterIP", as<Service>(object).spec.clusterIP}, {"spec.type", as<Service>(object).spec.type}};
    };
    using Spec = corev1::ServiceSpec;
    kind.columns = {nameColumn(), fieldColumn<Spec>("Type", "string", "type"), fieldColumn<Spec>("Cluster-IP", "string", "clusterIP"),
                    fieldColumn<Spec>("External-IP", "string", "externalIPs"), fieldColumn<Spec>("Port(s)", "string", "ports"), ageColumn(),
                    wide(fieldColumn<Spec>("Selector", "string", "selector"))};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& service = as<Service>(object);
        return {service.metadata.name, service.spec.type, service.spec.clusterIPs.empty() ? "<none>" : service.spec.clusterIPs[0],
                externalText(service), portsText(service), ageText(service.metadata.creationTimestamp, now), labelsText(service.spec.selector)};
    };
    return kind;
}

}  // namespace qd::api
