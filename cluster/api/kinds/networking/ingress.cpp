// Source: https://kubernetes.io/docs/concepts/services-networking/ingress/.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/networking/kinds.h"
#include "cluster/api/kinds/networking/references.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/ip.h"
#include "cluster/api/types/networking_v1.h"

namespace qd::api {
namespace {

using networkingv1::Ingress;
using networkingv1::IngressRule;
using networkingv1::IngressSpec;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
constexpr std::string_view kOldClass = "kubernetes.io/ingress.class";
constexpr std::size_t kShownHosts = 3;

// What stored Ingresses may have from times when less was checked.
struct Tolerated {
    bool secretNames = false;
    bool rulesOfWildcards = false;
};

field::Errors backendErrors(const networkingv1::IngressBackend& backend, const field::Path& path) {
    if (backend.resource && backend.service)
        return {field::invalid(path, "", "cannot set both resource and service backends")};
    if (backend.resource)
        return referenceErrors(backend.resource->apiGroup, backend.resource->kind, backend.resource->name,
                               path.child("resource"));
    if (!backend.service) return {field::invalid(path, "", "resource or service backend is required")};
    const field::Path service = path.child("service");
    const auto& port = backend.service->port;
    field::Errors errors;
    if (backend.service->name.empty()) {
        errors.push_back(field::required(service.child("name")));
    } else {
        field::append(errors, labelErrors(service.child("name"), backend.service->name));
    }
    if (!port.name.empty() && port.number != 0) {
        errors.push_back(field::invalid(path, "", "cannot set both port name & port number"));
    } else if (!port.name.empty()) {
        field::append(errors, complaintErrors(service.child("port", "name"), port.name, portNameErrors(port.name)));
    } else if (port.number != 0) {
        field::append(errors, portNumberErrors(service.child("port", "number"), port.number));
    } else {
        errors.push_back(field::required(path, "port name or number is required"));
    }
    return errors;
}

field::Errors pathErrors(const networkingv1::HTTPIngressPath& http, const field::Path& path) {
    if (!http.pathType) return {field::required(path.child("pathType"), "pathType must be specified")};
    const field::Path at = path.child("path");
    const bool literal = contains({"Exact", "Prefix"}, *http.pathType);
    field::Errors errors;
    if (literal || *http.pathType == "ImplementationSpecific") {
        if (!http.path.starts_with('/') && (literal || !http.path.empty()))
            errors.push_back(field::invalid(at, http.path, "must be an absolute path"));
    } else {
        errors.push_back(
            field::notSupported(path.child("pathType"), *http.pathType, {"Exact", "ImplementationSpecific", "Prefix"}));
    }
    if (literal) {
        for (const char* part : {"//", "/./", "/../", "%2f", "%2F"}) {
            if (http.path.find(part) != std::string::npos)
                errors.push_back(field::invalid(at, http.path, fmt::format("must not contain '{}'", part)));
        }
        for (const char* end : {"/..", "/."}) {
            if (http.path.ends_with(end))
                errors.push_back(field::invalid(at, http.path, fmt::format("cannot end with '{}'", end)));
        }
    }
    field::append(errors, backendErrors(http.backend, path.child("backend")));
    return errors;
}

field::Errors ruleValueErrors(const IngressRule& rule, const field::Path& path) {
    if (!rule.http) return {};
    const field::Path paths = path.child("http", "paths");
    if (rule.http->paths.empty()) return {field::required(paths)};
    field::Errors errors;
    for (std::size_t i = 0; i < rule.http->paths.size(); ++i)
        field::append(errors, pathErrors(rule.http->paths[i], paths.index(i)));
    return errors;
}

bool isWildcard(const std::string& host) {
    return host.find('*') != std::string::npos;
}

field::Errors hostErrors(const std::string& host, const field::Path& path) {
    return complaintErrors(path, host, isWildcard(host) ? wildcardSubdomainErrors(host) : dns1123SubdomainErrors(host));
}

field::Errors rulesErrors(const IngressSpec& spec, const Tolerated& tolerated) {
    field::Errors errors;
    for (std::size_t i = 0; i < spec.rules.size(); ++i) {
        const auto& rule = spec.rules[i];
        const field::Path at = kSpec.child("rules").index(i);
        if (!rule.host.empty()) {
            if (IpAddress::parse(rule.host))
                errors.push_back(field::invalid(at.child("host"), rule.host, "must be a DNS name, not an IP address"));
            field::append(errors, hostErrors(rule.host, at.child("host")));
        }
        if (!isWildcard(rule.host) || !tolerated.rulesOfWildcards) field::append(errors, ruleValueErrors(rule, at));
    }
    return errors;
}

field::Errors certificatesErrors(const IngressSpec& spec, const Tolerated& tolerated) {
    field::Errors errors;
    for (std::size_t i = 0; i < spec.tls.size(); ++i) {
        const auto& tls = spec.tls[i];
        const field::Path at = kSpec.child("tls").index(i);
        for (std::size_t h = 0; h < tls.hosts.size(); ++h)
            field::append(errors, hostErrors(tls.hosts[h], at.child("hosts").index(h)));
        if (!tls.secretName.empty() && !tolerated.secretNames)
            field::append(errors, subdomainErrors(at.child("secretName"), tls.secretName));
    }
    return errors;
}

field::Errors ingressErrors(const Ingress& ingress, const Tolerated& tolerated) {
    const auto& spec = ingress.spec;
    field::Errors errors = validateObjectMeta(ingress.metadata, true, nullptr, kMetadata);
    if (spec.rules.empty() && !spec.defaultBackend)
        errors.push_back(
            field::invalid(kSpec, field::Shown::null(), "either `defaultBackend` or `rules` must be specified"));
    if (spec.defaultBackend) field::append(errors, backendErrors(*spec.defaultBackend, kSpec.child("defaultBackend")));
    field::append(errors, rulesErrors(spec, tolerated));
    field::append(errors, certificatesErrors(spec, tolerated));
    if (spec.ingressClassName)
        field::append(errors, subdomainErrors(kSpec.child("ingressClassName"), *spec.ingressClassName));
    return errors;
}

field::Errors createErrors(const Object& object) {
    const auto& ingress = as<Ingress>(object);
    field::Errors errors = ingressErrors(ingress, {});
    const auto old = ingress.metadata.annotations.find(kOldClass);
    if (old != ingress.metadata.annotations.end() && ingress.spec.ingressClassName &&
        old->second != *ingress.spec.ingressClassName) {
        errors.push_back(field::invalid(field::Path("annotations").child(kOldClass), old->second,
                                        "must match `ingressClassName` when both are specified"));
    }
    return errors;
}

Tolerated toleratedIn(const Ingress& stored) {
    Tolerated tolerated;
    for (const auto& tls : stored.spec.tls) {
        tolerated.secretNames =
            tolerated.secretNames || (!tls.secretName.empty() && !dns1123SubdomainErrors(tls.secretName).empty());
    }
    for (const auto& rule : stored.spec.rules) {
        tolerated.rulesOfWildcards =
            tolerated.rulesOfWildcards || (isWildcard(rule.host) && !ruleValueErrors(rule, field::Path()).empty());
    }
    return tolerated;
}

field::Errors changeErrors(const Object& now, const Object& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    field::append(errors, ingressErrors(as<Ingress>(now), toleratedIn(as<Ingress>(old))));
    return errors;
}

field::Errors statusErrors(const Object& now, const Object& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    std::vector<std::string> stored;
    for (const auto& point : as<Ingress>(old).status.loadBalancer.ingress) stored.push_back(point.ip);
    const auto& points = as<Ingress>(now).status.loadBalancer.ingress;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const field::Path at = field::Path("status.loadBalancer.ingress").index(i);
        if (!points[i].ip.empty()) field::append(errors, addressErrors(at.child("ip"), points[i].ip, stored));
        if (points[i].hostname.empty()) continue;
        field::append(errors, subdomainErrors(at.child("hostname"), points[i].hostname));
        if (IpAddress::parse(points[i].hostname))
            errors.push_back(
                field::invalid(at.child("hostname"), points[i].hostname, "must be a DNS name, not an IP address"));
    }
    return errors;
}

std::string hostsText(const std::vector<IngressRule>& rules) {
    std::vector<std::string> hosts;
    for (const auto& rule : rules) {
        if (!rule.host.empty()) hosts.push_back(rule.host);
    }
    if (hosts.empty()) return "*";
    if (hosts.size() <= kShownHosts) return joined(hosts);
    return fmt::format("{} + {} more...", joined({hosts.begin(), hosts.begin() + kShownHosts}),
                       hosts.size() - kShownHosts);
}

std::string addressText(const networkingv1::IngressLoadBalancerStatus& status) {
    std::vector<std::string> addresses;
    for (const auto& point : status.ingress) {
        if (!point.ip.empty() || !point.hostname.empty())
            addresses.push_back(point.ip.empty() ? point.hostname : point.ip);
    }
    return joined(addresses);
}

void addTable(Kind& kind) {
    kind.columns = {
        nameColumn(),
        textColumn("Class", "The name of the IngressClass resource that should be used for additional configuration"),
        textColumn("Hosts", "Hosts that incoming requests are matched before the ingress rule"),
        textColumn("Address", "Address is a list containing ingress points for the load-balancer"),
        textColumn("Ports", "Ports of TLS configurations that open"),
        ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& ingress = as<Ingress>(object);
        return {object.metadata.name,
                ingress.spec.ingressClassName.value_or("<none>"),
                hostsText(ingress.spec.rules),
                addressText(ingress.status.loadBalancer),
                ingress.spec.tls.empty() ? "80" : "80, 443",
                ageText(object.metadata.creationTimestamp, now)};
    };
}

}  // namespace

Kind ingressKind() {
    Kind kind = plainKind("networking.k8s.io", "v1", "Ingress");
    kind.shortNames = {"ing"};
    addStatus(kind);
    countGenerations(kind);
    validateCreate(kind, createErrors);
    validateUpdate(kind, changeErrors);
    validateSubresource(kind, "status", statusErrors);
    kind.warnings = [](const Object& object, const Object* old) -> std::vector<std::string> {
        const bool isNew = !old && object.metadata.annotations.contains(kOldClass);
        if (!isNew) return {};
        return {fmt::format("annotation \"{}\" is deprecated, please use 'spec.ingressClassName' instead", kOldClass)};
    };
    addTable(kind);
    return kind;
}

}  // namespace qd::api
