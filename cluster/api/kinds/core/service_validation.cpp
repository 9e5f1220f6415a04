// Source: https://kubernetes.io/docs/concepts/services-networking/service/ and .../dual-stack/.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/service_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/ip.h"

namespace qd::api {
namespace {

using corev1::Service;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
constexpr std::int32_t kLongestAffinity = 86400;
constexpr char kHintsAnnotation[] = "service.kubernetes.io/topology-aware-hints";

bool isOfType(const Service& service, std::string_view type) { return service.spec.type == type; }

field::Shown shownText(const std::optional<std::string>& text) { return text ? field::Shown(*text) : field::Shown::null(); }

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\n\r\v\f");
    if (first == std::string_view::npos) return "";
    return std::string(text.substr(first, text.find_last_not_of(" \t\n\r\v\f") - first + 1));
}

field::Errors typeErrors(const Service& service) {
    field::Errors errors;
    const field::Path addresses = kSpec.child("clusterIPs");
    if (isOfType(service, "LoadBalancer") && isHeadless(service)) {
        errors.push_back(field::invalid(addresses.index(0), service.spec.clusterIPs[0], "may not be set to 'None' for LoadBalancer services"));
    } else if (isOfType(service, "NodePort") && isHeadless(service)) {
        errors.push_back(field::invalid(addresses.index(0), service.spec.clusterIPs[0], "may not be set to 'None' for NodePort services"));
    } else if (isOfType(service, "ExternalName")) {
        constexpr std::string_view kNotHere = "may not be set for ExternalName services";
        if (!service.spec.clusterIPs.empty()) errors.push_back(field::forbidden(addresses, kNotHere));
        if (!service.spec.ipFamilies.empty()) errors.push_back(field::forbidden(kSpec.child("ipFamilies"), kNotHere));
        if (service.spec.ipFamilyPolicy) errors.push_back(field::forbidden(kSpec.child("ipFamilyPolicy"), kNotHere));
        std::string name = service.spec.externalName;
        if (name.ends_with('.')) name.pop_back();
        if (name.empty()) {
            errors.push_back(field::required(kSpec.child("externalName")));
        } else {
            field::append(errors, subdomainErrors(kSpec.child("externalName"), name));
        }
    }
    return errors;
}

field::Errors portsErrors(const Service& service) {
    field::Errors errors;
    std::set<std::string> names;
    for (std::size_t i = 0; i < service.spec.ports.size(); ++i) {
        const auto& port = service.spec.ports[i];
        const field::Path path = kSpec.child("ports").index(i);
        if (port.name.empty()) {
            if (service.spec.ports.size() > 1) errors.push_back(field::required(path.child("name")));
        } else {
            field::append(errors, labelErrors(path.child("name"), port.name));
            if (!names.insert(port.name).second) errors.push_back(field::duplicate(path.child("name"), port.name));
        }
        field::append(errors, portNumberErrors(path.child("port"), port.port));
        field::append(errors, protocolErrors(path.child("protocol"), port.protocol));
        field::append(errors, portErrors(path.child("targetPort"), port.targetPort));
        if (port.appProtocol) field::append(errors, qualifiedErrors(path.child("appProtocol"), *port.appProtocol));
    }
    return errors;
}

field::Errors affinityErrors(const Service& service) {
    const field::Path config = kSpec.child("sessionAffinityConfig");
    field::Errors errors = requiredChoiceErrors(kSpec.child("sessionAffinity"), service.spec.sessionAffinity, {"ClientIP", "None"});
    if (service.spec.sessionAffinity == "None") {
        if (service.spec.sessionAffinityConfig) errors.push_back(field::forbidden(config, "must not be set when session affinity is None"));
    } else if (service.spec.sessionAffinity == "ClientIP") {
        constexpr std::string_view kNeeded = "when session affinity type is ClientIP";
        const auto* affinity = service.spec.sessionAffinityConfig.get();
        if (!affinity) {
            errors.push_back(field::required(config, kNeeded));
        } else if (!affinity->clientIP) {
            errors.push_back(field::required(config.child("clientIP"), kNeeded));
        } else if (!affinity->clientIP->timeoutSeconds) {
            errors.push_back(field::required(config.child("clientIP", "timeoutSeconds"), kNeeded));
        } else if (const auto timeout = *affinity->clientIP->timeoutSeconds; timeout <= 0 || timeout > kLongestAffinity) {
            errors.push_back(field::invalid(config.child("clientIP", "timeoutSeconds"), timeout, fmt::format("must be greater than 0 and less than {}", kLongestAffinity)));
        }
    }
    return errors;
}

field::Errors externalAddressErrors(const Service& service, const Service* old) {
    field::Errors errors;
    for (std::size_t i = 0; i < service.spec.externalIPs.size(); ++i) {
        const field::Path path = kSpec.child("externalIPs").index(i);
        auto faults = addressErrors(path, service.spec.externalIPs[i], old ? old->spec.externalIPs : std::vector<std::string>{});
        if (faults.empty()) faults = endpointAddressErrors(path, service.spec.externalIPs[i]);
        field::append(errors, std::move(faults));
    }
    return errors;
}

field::Errors portUseErrors(const Service& service) {
    field::Errors errors;
    const auto& ports = service.spec.ports;
    const field::Path path = kSpec.child("ports");
    for (std::size_t i = 0; i < ports.size() && isOfType(service, "ClusterIP"); ++i) {
        if (ports[i].nodePort != 0) errors.push_back(field::forbidden(path.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'"));
    }
    std::set<std::pair<std::string, std::int32_t>> seen;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        if (ports[i].nodePort == 0) continue;
        if (!seen.emplace(ports[i].protocol, ports[i].nodePort).second) errors.push_back(field::duplicate(path.index(i).child("nodePort"), ports[i].nodePort));
    }
    seen.clear();
    for (std::size_t i = 0; i < ports.size(); ++i) {
        if (seen.emplace(ports[i].protocol, ports[i].port).second) continue;
        corev1::ServicePort key;
        key.protocol = ports[i].protocol;
        key.port = ports[i].port;
        errors.push_back(field::duplicate(path.index(i), shown(key)));
    }
    return errors;
}

field::Errors sourceRangeErrors(const Service& service, const Service* old) {
    field::Errors errors;
    constexpr std::string_view kBalancerOnly = "may only be used when `type` is 'LoadBalancer'";
    const char* annotation = corev1::AnnotationLoadBalancerSourceRangesKey;
    const auto annotated = service.metadata.annotations.find(annotation);
    if (!service.spec.loadBalancerSourceRanges.empty()) {
        const field::Path path = kSpec.child("LoadBalancerSourceRanges");
        if (!isOfType(service, "LoadBalancer")) errors.push_back(field::forbidden(path, kBalancerOnly));
        std::vector<std::string> stored;
        if (old) {
            for (const auto& range : old->spec.loadBalancerSourceRanges) stored.push_back(trimmed(range));
        }
        for (std::size_t i = 0; i < service.spec.loadBalancerSourceRanges.size(); ++i) {
            field::append(errors, networkErrors(path.index(i), trimmed(service.spec.loadBalancerSourceRanges[i]), stored));
        }
    } else if (annotated != service.metadata.annotations.end()) {
        const field::Path path = kMetadata.child("annotations").key(annotation);
        if (!isOfType(service, "LoadBalancer")) errors.push_back(field::forbidden(path, kBalancerOnly));
        const auto before = old ? old->metadata.annotations.find(annotation) : annotated;
        const bool unchanged = old && before != old->metadata.annotations.end() && before->second == annotated->second;
        std::string rest = trimmed(annotated->second);
        while (!unchanged && !rest.empty()) {
            const auto comma = rest.find(',');
            field::append(errors, networkErrors(path, trimmed(rest.substr(0, comma))));
            rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
        }
    }
    return errors;
}

field::Errors balancerErrors(const Service& service) {
    field::Errors errors;
    const bool balanced = isOfType(service, "LoadBalancer");
    constexpr std::string_view kBalancerOnly = "may only be used when `type` is 'LoadBalancer'";
    if (service.spec.allocateLoadBalancerNodePorts && !balanced) errors.push_back(field::forbidden(kSpec.child("allocateLoadBalancerNodePorts"), kBalancerOnly));
    if (!service.spec.allocateLoadBalancerNodePorts && balanced) errors.push_back(field::required(field::Path("allocateLoadBalancerNodePorts")));
    return errors;
}

field::Errors balancerClassErrors(const Service& service, const Service* old) {
    field::Errors errors;
    const field::Path path = kSpec.child("loadBalancerClass");
    const auto& balancer = service.spec.loadBalancerClass;
    if (old && isOfType(*old, "LoadBalancer") && isOfType(service, "LoadBalancer") && old->spec.loadBalancerClass != balancer) {
        errors.push_back(field::invalid(path, shownText(balancer), "may not change once set"));
    }
    if (!balancer) return errors;
    if (isOfType(service, "LoadBalancer")) {
        field::append(errors, qualifiedErrors(path, *balancer));
    } else {
        errors.push_back(field::forbidden(path, "may only be used when `type` is 'LoadBalancer'"));
    }
    return errors;
}

field::Errors trafficErrors(const Service& service) {
    field::Errors errors;
    const field::Path policy = kSpec.child("externalTrafficPolicy");
    if (!isExternallyAccessible(service)) {
        if (!service.spec.externalTrafficPolicy.empty()) {
            errors.push_back(field::invalid(policy, service.spec.externalTrafficPolicy, "may only be set for externally-accessible services"));
        }
    } else {
        field::append(errors, requiredChoiceErrors(policy, service.spec.externalTrafficPolicy, {"Cluster", "Local"}));
    }
    const field::Path check = kSpec.child("healthCheckNodePort");
    if (!needsHealthCheckPort(service)) {
        if (service.spec.healthCheckNodePort != 0) {
            errors.push_back(field::invalid(check, service.spec.healthCheckNodePort,
                                            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
        }
    } else if (service.spec.healthCheckNodePort == 0) {
        errors.push_back(field::required(check));
    } else {
        field::append(errors, portNumberErrors(check, service.spec.healthCheckNodePort));
    }
    const field::Path internal = kSpec.child("internalTrafficPolicy");
    if (!service.spec.internalTrafficPolicy) {
        if (contains({"ClusterIP", "LoadBalancer", "NodePort"}, service.spec.type)) errors.push_back(field::required(internal));
    } else {
        field::append(errors, choiceErrors(internal, *service.spec.internalTrafficPolicy, {"Cluster", "Local"}));
    }
    if (service.spec.trafficDistribution) {
        field::append(errors, choiceErrors(kSpec.child("trafficDistribution"), *service.spec.trafficDistribution, {"PreferClose", "PreferSameZone", "PreferSameNode"}));
    }
    return errors;
}

field::Errors ownErrors(const Service& service, const Service* old) {
    field::Errors errors;
    const auto& annotations = service.metadata.annotations;
    const auto hints = annotations.find(kHintsAnnotation);
    const auto mode = annotations.find(corev1::AnnotationTopologyMode);
    if (hints != annotations.end() && mode != annotations.end() && hints->second != mode->second) {
        errors.push_back(field::invalid(kMetadata.child("annotations").key(corev1::AnnotationTopologyMode), mode->second,
                                        fmt::format("must match annotations[{}] when both are specified", kHintsAnnotation)));
    }
    if (service.spec.ports.empty() && !isHeadless(service) && !isOfType(service, "ExternalName")) errors.push_back(field::required(kSpec.child("ports")));
    field::append(errors, typeErrors(service));
    field::append(errors, portsErrors(service));
    field::append(errors, validateLabels(service.spec.selector, kSpec.child("selector")));
    field::append(errors, affinityErrors(service));
    field::append(errors, clusterIPErrors(service, old));
    field::append(errors, externalAddressErrors(service, old));
    field::append(errors, requiredChoiceErrors(kSpec.child("type"), service.spec.type, {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}));
    field::append(errors, portUseErrors(service));
    field::append(errors, sourceRangeErrors(service, old));
    field::append(errors, balancerErrors(service));
    field::append(errors, balancerClassErrors(service, nullptr));
    field::append(errors, trafficErrors(service));
    return errors;
}

// Once set, an address stays; a second one may be added, or be released by asking for a single stack.
field::Errors keptAddressErrors(const Service& now, const Service& old) {
    if (isOfType(now, "ExternalName") || isOfType(old, "ExternalName")) return {};
    if (isHeadless(now) && isHeadless(old)) return {};
    field::Errors errors;
    const field::Path path = kSpec.child("clusterIPs");
    const auto& after = now.spec.clusterIPs;
    const auto& before = old.spec.clusterIPs;
    const auto changed = [&](std::size_t i) { return field::invalid(path.index(i), shownStrings(after), "may not change once set"); };
    if (before.size() == after.size()) {
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (before[i] != after[i]) errors.push_back(changed(i));
        }
        return errors;
    }
    if (before.size() > after.size() && after.empty()) errors.push_back(field::invalid(path.index(0), shownStrings(after), "primary clusterIP can not be unset"));
    if (!before.empty() && !after.empty() && before[0] != after[0]) errors.push_back(changed(0));
    if (before.size() > after.size() && after.size() == 1 && now.spec.ipFamilyPolicy != "SingleStack") {
        errors.push_back(field::invalid(kSpec.child("ipFamilyPolicy"), shownText(now.spec.ipFamilyPolicy), "must be set to 'SingleStack' when releasing the secondary clusterIP"));
    }
    return errors;
}

field::Errors keptFamilyErrors(const Service& now, const Service& old) {
    if (isOfType(now, "ExternalName") || isOfType(old, "ExternalName")) return {};
    if (isHeadless(now) || isHeadless(old)) return {};
    field::Errors errors;
    const field::Path path = kSpec.child("ipFamilies").index(0);
    const auto& after = now.spec.ipFamilies;
    const auto& before = old.spec.ipFamilies;
    if (before.size() == after.size()) {
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (before[i] != after[i]) errors.push_back(field::invalid(path, shownStrings(after), "may not change once set"));
        }
        return errors;
    }
    if (before.size() > after.size() && now.spec.clusterIPs.empty()) errors.push_back(field::invalid(path, shownStrings(after), "primary ipFamily can not be unset"));
    // Upstream shows the addresses here, not the families.
    if (!before.empty() && !after.empty() && before[0] != after[0]) errors.push_back(field::invalid(path, shownStrings(now.spec.clusterIPs), "may not change once set"));
    if (before.size() > after.size() && after.size() == 1 && now.spec.ipFamilyPolicy != "SingleStack") {
        errors.push_back(field::invalid(kSpec.child("ipFamilyPolicy"), shownText(now.spec.ipFamilyPolicy), "must be set to 'SingleStack' when releasing the secondary ipFamily"));
    }
    return errors;
}

}  // namespace

bool isHeadless(const Service& service) { return service.spec.clusterIPs.size() == 1 && service.spec.clusterIPs[0] == corev1::ClusterIPNone; }

bool isExternallyAccessible(const Service& service) {
    return isOfType(service, "LoadBalancer") || isOfType(service, "NodePort") || (isOfType(service, "ClusterIP") && !service.spec.externalIPs.empty());
}

bool needsHealthCheckPort(const Service& service) { return isOfType(service, "LoadBalancer") && service.spec.externalTrafficPolicy == "Local"; }

field::Errors clusterIPErrors(const Service& service, const Service* old) {
    if (isOfType(service, "ExternalName")) return {};
    field::Errors errors;
    const field::Path path = kSpec.child("clusterIPs");
    const auto& addresses = service.spec.clusterIPs;
    const auto& families = service.spec.ipFamilies;
    if (!service.spec.clusterIP.empty()) {
        if (addresses.empty()) {
            errors.push_back(field::required(path));
        } else if (addresses[0] != service.spec.clusterIP) {
            errors.push_back(field::invalid(path, shownStrings(addresses), "first value must match `clusterIP`"));
        }
    } else if (!addresses.empty()) {
        errors.push_back(field::invalid(path, shownStrings(addresses), "must be empty when `clusterIP` is not specified"));
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < families.size(); ++i) {
        const field::Path family = kSpec.child("ipFamilies").index(i);
        field::append(errors, choiceErrors(family, families[i], {"IPv4", "IPv6"}));
        if (!seen.insert(families[i]).second) errors.push_back(field::duplicate(family, families[i]));
    }
    if (service.spec.ipFamilyPolicy) {
        field::append(errors, choiceErrors(kSpec.child("ipFamilyPolicy"), *service.spec.ipFamilyPolicy, {"PreferDualStack", "RequireDualStack", "SingleStack"}));
    }
    bool faulty = false;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (i == 0 && addresses[i] == corev1::ClusterIPNone) {
            if (addresses.size() > 1) {
                faulty = true;
                errors.push_back(field::invalid(path, shownStrings(addresses), "'None' must be the first and only value"));
            }
            continue;
        }
        auto faults = addressErrors(path.index(i), addresses[i], old ? old->spec.clusterIPs : std::vector<std::string>{});
        faulty = faulty || !faults.empty();
        field::append(errors, std::move(faults));
    }
    if (addresses.size() > 2) errors.push_back(field::invalid(path, shownStrings(addresses), "may only hold up to 2 values"));
    // What follows would only repeat the fault in other words.
    if (faulty) return errors;
    const auto isV6 = [](const std::string& text) {
        const auto ip = IpAddress::parse(text);
        return ip && ip->v6;
    };
    if (addresses.size() > 1) {
        const auto sixes = std::count_if(addresses.begin(), addresses.end(), isV6);
        if (sixes == 0 || sixes == static_cast<std::ptrdiff_t>(addresses.size())) {
            errors.push_back(field::invalid(path, shownStrings(addresses), "may specify no more than one IP for each IP family"));
        }
    }
    for (std::size_t i = 0; i < std::min(addresses.size(), families.size()) && !isHeadless(service); ++i) {
        if (families[i] == "IPv4" && isV6(addresses[i])) {
            errors.push_back(field::invalid(path.index(i), addresses[i], fmt::format("expected an IPv4 value as indicated by `ipFamilies[{}]`", i)));
        }
        if (families[i] == "IPv6" && !isV6(addresses[i])) {
            errors.push_back(field::invalid(path.index(i), addresses[i], fmt::format("expected an IPv6 value as indicated by `ipFamilies[{}]`", i)));
        }
    }
    return errors;
}

field::Errors serviceErrors(const Service& service) {
    field::Errors errors = validateObjectMeta(service.metadata, true, nameAsLabelErrors, kMetadata);
    field::append(errors, ownErrors(service, nullptr));
    return errors;
}

field::Errors serviceUpdateErrors(const Service& now, const Service& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    field::append(errors, keptAddressErrors(now, old));
    field::append(errors, keptFamilyErrors(now, old));
    field::append(errors, balancerClassErrors(now, &old));
    if (needsHealthCheckPort(old) && needsHealthCheckPort(now) && old.spec.healthCheckNodePort != now.spec.healthCheckNodePort) {
        errors.push_back(field::forbidden(kSpec.child("healthCheckNodePort"), "field is immutable"));
    }
    field::append(errors, ownErrors(now, &old));
    return errors;
}

field::Errors serviceStatusErrors(const Service& now, const Service& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    const field::Path path = field::Path("status").child("loadBalancer", "ingress");
    const auto& ingress = now.status.loadBalancer.ingress;
    if (!isOfType(now, "LoadBalancer") && !ingress.empty()) {
        errors.push_back(field::forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'"));
        return errors;
    }
    std::vector<std::string> stored;
    for (const auto& each : old.status.loadBalancer.ingress) stored.push_back(each.ip);
    for (std::size_t i = 0; i < ingress.size(); ++i) {
        const auto& each = ingress[i];
        const field::Path at = path.index(i);
        if (!each.ip.empty()) field::append(errors, addressErrors(at.child("ip"), each.ip, stored));
        if (!each.ipMode) {
            if (!each.ip.empty()) errors.push_back(field::required(at.child("ipMode"), "must be specified when `ip` is set"));
        } else if (each.ip.empty()) {
            errors.push_back(field::forbidden(at.child("ipMode"), "may not be specified when `ip` is not set"));
        } else {
            field::append(errors, choiceErrors(at.child("ipMode"), *each.ipMode, {"Proxy", "VIP"}));
        }
        if (!each.hostname.empty()) {
            field::append(errors, subdomainErrors(at.child("hostname"), each.hostname));
            if (IpAddress::parse(each.hostname)) errors.push_back(field::invalid(at.child("hostname"), each.hostname, "must be a DNS name, not an IP address"));
        }
    }
    return errors;
}

std::vector<std::string> serviceWarnings(const Service& service) {
    std::vector<std::string> warnings;
    const auto add = [&](std::vector<std::string> more) { warnings.insert(warnings.end(), more.begin(), more.end()); };
    const auto& spec = service.spec;
    if (service.metadata.annotations.contains(kHintsAnnotation)) {
        warnings.push_back(fmt::format("annotation {} is deprecated, please use {} instead", kHintsAnnotation, corev1::AnnotationTopologyMode));
    }
    const bool headless = spec.type == "ClusterIP" && spec.clusterIP == corev1::ClusterIPNone;
    if (!spec.clusterIP.empty() && spec.clusterIP != corev1::ClusterIPNone) {
        for (std::size_t i = 0; i < spec.clusterIPs.size(); ++i) add(addressWarnings(kSpec.child("clusterIPs").index(i), spec.clusterIPs[i]));
    }
    if (headless) {
        if (!spec.loadBalancerIP.empty()) warnings.emplace_back("spec.loadBalancerIP is ignored for headless services");
        if (!spec.externalIPs.empty()) warnings.emplace_back("spec.externalIPs is ignored for headless services");
        if (spec.sessionAffinity != "None") warnings.emplace_back("spec.SessionAffinity is ignored for headless services");
    }
    for (std::size_t i = 0; i < spec.externalIPs.size(); ++i) add(addressWarnings(kSpec.child("externalIPs").index(i), spec.externalIPs[i]));
    if (!spec.externalIPs.empty() && !headless && spec.type != "ExternalName") {
        warnings.emplace_back("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
    }
    if (!spec.loadBalancerIP.empty()) add(addressWarnings(kSpec.child("loadBalancerIP"), spec.loadBalancerIP));
    for (std::size_t i = 0; i < spec.loadBalancerSourceRanges.size(); ++i) {
        add(networkWarnings(kSpec.child("loadBalancerSourceRanges").index(i), spec.loadBalancerSourceRanges[i]));
    }
    if (spec.type == "ExternalName" && !spec.externalIPs.empty()) warnings.emplace_back("spec.externalIPs is ignored when spec.type is \"ExternalName\"");
    if (spec.type != "ExternalName" && !spec.externalName.empty()) warnings.emplace_back("spec.externalName is ignored when spec.type is not \"ExternalName\"");
    if (spec.trafficDistribution == "PreferClose") warnings.emplace_back("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"");
    return warnings;
}

}  // namespace qd::api
