// Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/.
#include <fmt/format.h>

#include <set>

#include "cluster/api/compare.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/discovery/kinds.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/ip.h"
#include "cluster/api/types/discovery_v1.h"

namespace qd::api {
namespace {

using discoveryv1::EndpointSlice;

const field::Path kMetadata("metadata");
constexpr std::size_t kMostEndpoints = 1000;
constexpr std::size_t kMostAddresses = 100;
constexpr std::size_t kMostPorts = 20000;
constexpr std::size_t kMostHints = 8;
constexpr std::size_t kShown = 3;

field::Errors tooManyErrors(std::size_t count, std::size_t most, const field::Path& path) {
    if (count <= most) return {};
    return {field::tooMany(path, static_cast<std::int64_t>(count), static_cast<std::int64_t>(most))};
}

field::Errors domainErrors(const std::string& text, const field::Path& path) {
    if (text.empty()) return {field::required(path)};
    const std::string name = text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
    if (const auto complaints = dns1123SubdomainErrors(name); !complaints.empty()) return {field::invalid(path, name, fmt::format("{}", fmt::join(complaints, ",")))};
    if (name.find('.') == std::string::npos) return {field::invalid(path, name, "should be a domain with at least two segments separated by dots")};
    std::string_view rest = name;
    while (!rest.empty()) {
        const auto dot = rest.find('.');
        const std::string_view label = rest.substr(0, dot);
        if (const auto complaints = dns1123LabelErrors(label); !complaints.empty()) return {field::invalid(path, label, fmt::format("{}", fmt::join(complaints, ",")))};
        rest = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
    }
    return {};
}

field::Errors addressFaults(const std::string& address, const std::string& type, const field::Path& list, std::size_t index) {
    const field::Path at = list.index(index);
    if (type == "FQDN") return domainErrors(address, at);
    if (type != "IPv4" && type != "IPv6") return {};
    field::Errors errors = type == "IPv4" ? addressErrors(at, address) : canonicalAddressErrors(at, address);
    if (!errors.empty()) return errors;
    const bool v6 = IpAddress::parse(address)->v6;
    if (v6 != (type == "IPv6")) errors.push_back(field::invalid(list, address, fmt::format("must be an {} address", type)));
    field::append(errors, endpointAddressErrors(at, address));
    return errors;
}

template <typename Hint, typename Check>
field::Errors hintsErrors(const std::vector<Hint>& hints, const field::Path& path, Check check) {
    field::Errors errors = tooManyErrors(hints.size(), kMostHints, path);
    std::set<std::string> names;
    for (std::size_t i = 0; i < hints.size() && errors.empty(); ++i) {
        const field::Path at = path.index(i).child("name");
        if (!names.insert(hints[i].name).second) errors.push_back(field::duplicate(at, hints[i].name));
        field::append(errors, complaintErrors(at, hints[i].name, check(hints[i].name)));
    }
    return errors;
}

field::Errors endpointsErrors(const EndpointSlice& slice) {
    const field::Path path("endpoints");
    field::Errors errors = tooManyErrors(slice.endpoints.size(), kMostEndpoints, path);
    if (!errors.empty()) return errors;
    for (std::size_t i = 0; i < slice.endpoints.size(); ++i) {
        const auto& endpoint = slice.endpoints[i];
        const field::Path at = path.index(i);
        const field::Path addresses = at.child("addresses");
        if (endpoint.addresses.empty()) errors.push_back(field::required(addresses, "must contain at least 1 address"));
        field::append(errors, tooManyErrors(endpoint.addresses.size(), kMostAddresses, addresses));
        for (std::size_t a = 0; a < endpoint.addresses.size(); ++a) field::append(errors, addressFaults(endpoint.addresses[a], slice.addressType, addresses, a));
        if (endpoint.nodeName) field::append(errors, subdomainErrors(at.child("nodeName"), *endpoint.nodeName));
        if (endpoint.hostname) field::append(errors, labelErrors(at.child("hostname"), *endpoint.hostname));
        if (!endpoint.hints) continue;
        field::append(errors, hintsErrors(endpoint.hints->forZones, at.child("hints", "forZones"), [](const std::string& name) { return labelValueErrors(name); }));
        field::append(errors, hintsErrors(endpoint.hints->forNodes, at.child("hints", "forNodes"), [](const std::string& name) { return dns1123SubdomainErrors(name); }));
    }
    return errors;
}

field::Errors portsErrors(const EndpointSlice& slice) {
    const field::Path path("ports");
    field::Errors errors = tooManyErrors(slice.ports.size(), kMostPorts, path);
    if (!errors.empty()) return errors;
    std::set<std::string> names;
    for (std::size_t i = 0; i < slice.ports.size(); ++i) {
        const auto& port = slice.ports[i];
        const field::Path at = path.index(i);
        const std::string name = port.name.value_or("");
        if (!name.empty()) field::append(errors, labelErrors(at.child("name"), name));
        if (!names.insert(name).second) errors.push_back(field::duplicate(at.child("name"), name));
        if (!port.protocol) {
            errors.push_back(field::required(at.child("protocol")));
        } else {
            field::append(errors, choiceErrors(at.child("protocol"), *port.protocol, {"SCTP", "TCP", "UDP"}));
        }
        if (port.appProtocol) field::append(errors, qualifiedErrors(at.child("appProtocol"), *port.appProtocol));
    }
    return errors;
}

field::Errors sliceErrors(const EndpointSlice& slice, const EndpointSlice* old) {
    field::Errors errors = validateObjectMeta(slice.metadata, true, nullptr, kMetadata);
    field::append(errors, requiredChoiceErrors(field::Path("addressType"), slice.addressType, {"FQDN", "IPv4", "IPv6"}));
    field::append(errors, portsErrors(slice));
    if (!old || !(old->endpoints == slice.endpoints)) field::append(errors, endpointsErrors(slice));
    return errors;
}

void dropTopology(Object& object) {
    for (auto& endpoint : as<EndpointSlice>(object).endpoints) endpoint.deprecatedTopology.clear();
}

std::string withMore(const std::vector<std::string>& list) {
    if (list.empty()) return "<unset>";
    if (list.size() <= kShown) return joined(list);
    return fmt::format("{} + {} more...", joined({list.begin(), list.begin() + kShown}), list.size() - kShown);
}

}  // namespace

Kind endpointSliceKind() {
    Kind kind = plainKind("discovery.k8s.io", "v1", "EndpointSlice");
    kind.defaults = [](Object& object) {
        for (auto& port : as<EndpointSlice>(object).ports) {
            if (!port.name) port.name = "";
            if (!port.protocol) port.protocol = "TCP";
        }
    };
    kind.prepareForCreate = [](Object& object) {
        object.metadata.generation = 1;
        dropTopology(object);
    };
    kind.update.prepare = [](Object& now, const Object& old) {
        const auto& after = as<EndpointSlice>(now);
        const auto& before = as<EndpointSlice>(old);
        const bool same = fieldEquals(now, old, "addressType") && fieldEquals(now, old, "endpoints") && fieldEquals(now, old, "ports") &&
                          after.metadata.labels == before.metadata.labels;
        if (!(after.endpoints == before.endpoints)) dropTopology(now);
        now.metadata.generation = old.metadata.generation + (same ? 0 : 1);
    };
    validateCreate(kind, [](const Object& object) { return sliceErrors(as<EndpointSlice>(object), nullptr); });
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = sliceErrors(as<EndpointSlice>(now), &as<EndpointSlice>(old));
        const std::string& type = as<EndpointSlice>(now).addressType;
        if (type != as<EndpointSlice>(old).addressType) errors.push_back(immutable(field::Path("addressType"), type));
        return errors;
    });
    kind.warnings = [](const Object& object, const Object*) -> std::vector<std::string> {
        if (as<EndpointSlice>(object).addressType == "FQDN") return {"spec.addressType: FQDN endpoints are deprecated"};
        return {};
    };
    kind.columns = {nameColumn(), fieldColumn<EndpointSlice>("AddressType", "string", "addressType"), fieldColumn<EndpointSlice>("Ports", "string", "ports"),
                    fieldColumn<EndpointSlice>("Endpoints", "string", "endpoints"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& slice = as<EndpointSlice>(object);
        std::vector<std::string> ports;
        for (const auto& port : slice.ports) ports.push_back(port.port ? std::to_string(*port.port) : port.name.value_or("*"));
        std::vector<std::string> addresses;
        for (const auto& endpoint : slice.endpoints) addresses.insert(addresses.end(), endpoint.addresses.begin(), endpoint.addresses.end());
        return {slice.metadata.name, slice.addressType, withMore(ports), withMore(addresses), ageText(slice.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
