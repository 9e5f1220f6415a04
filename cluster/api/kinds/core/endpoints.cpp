// Source: https://kubernetes.io/docs/concepts/services-networking/service/#endpoints.
#include <fmt/format.h>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {
namespace {

using corev1::Endpoints;

constexpr std::size_t kShown = 3;

field::Errors addressFaults(const std::vector<corev1::EndpointAddress>& addresses, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const auto& address = addresses[i];
        const field::Path at = path.index(i);
        field::append(errors, addressErrors(at.child("ip"), address.ip));
        if (!address.hostname.empty()) field::append(errors, labelErrors(at.child("hostname"), address.hostname));
        if (address.nodeName) field::append(errors, subdomainErrors(at.child("nodeName"), *address.nodeName));
        field::append(errors, endpointAddressErrors(at.child("ip"), address.ip));
    }
    return errors;
}

field::Errors portFaults(const std::vector<corev1::EndpointPort>& ports, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const auto& port = ports[i];
        const field::Path at = path.index(i);
        if (!port.name.empty()) {
            field::append(errors, labelErrors(at.child("name"), port.name));
        } else if (ports.size() > 1) {
            errors.push_back(field::required(at.child("name")));
        }
        field::append(errors, portNumberErrors(at.child("port"), port.port));
        field::append(errors, protocolErrors(at.child("protocol"), port.protocol));
        if (port.appProtocol) field::append(errors, qualifiedErrors(at.child("appProtocol"), *port.appProtocol));
    }
    return errors;
}

field::Errors endpointsErrors(const Endpoints& endpoints, const Endpoints* old) {
    field::Errors errors = validateObjectMeta(endpoints.metadata, true, nullptr, field::Path("metadata"));
    // What older releases took and nobody changes stays.
    if (old && old->subsets == endpoints.subsets) return errors;
    for (std::size_t i = 0; i < endpoints.subsets.size(); ++i) {
        const auto& subset = endpoints.subsets[i];
        const field::Path at = field::Path("subsets").index(i);
        if (subset.addresses.empty() && subset.notReadyAddresses.empty()) errors.push_back(field::required(at, "must specify `addresses` or `notReadyAddresses`"));
        field::append(errors, addressFaults(subset.addresses, at.child("addresses")));
        field::append(errors, addressFaults(subset.notReadyAddresses, at.child("notReadyAddresses")));
        field::append(errors, portFaults(subset.ports, at.child("ports")));
    }
    return errors;
}

std::string endpointsText(const Endpoints& endpoints) {
    if (endpoints.subsets.empty()) return "<none>";
    std::vector<std::string> list;
    std::size_t count = 0;
    for (const auto& subset : endpoints.subsets) {
        for (std::size_t p = 0; p < std::max<std::size_t>(1, subset.ports.size()); ++p) {
            for (const auto& address : subset.addresses) {
                if (++count > kShown) continue;
                const bool v6 = address.ip.find(':') != std::string::npos;
                list.push_back(subset.ports.empty() ? address.ip : fmt::format("{}{}{}:{}", v6 ? "[" : "", address.ip, v6 ? "]" : "", subset.ports[p].port));
            }
        }
    }
    return count > kShown ? fmt::format("{} + {} more...", joined(list), count - kShown) : joined(list);
}

}  // namespace

Kind endpointsKind() {
    Kind kind = plainKind("", "v1", "Endpoints");
    kind.shortNames = {"ep"};
    kind.allowCreateOnUpdate = true;
    kind.defaults = [](Object& object) {
        for (auto& subset : as<Endpoints>(object).subsets) {
            for (auto& port : subset.ports) {
                if (port.protocol.empty()) port.protocol = "TCP";
            }
        }
    };
    validateCreate(kind, [](const Object& object) { return endpointsErrors(as<Endpoints>(object), nullptr); });
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, field::Path("metadata"));
        field::append(errors, endpointsErrors(as<Endpoints>(now), &as<Endpoints>(old)));
        return errors;
    });
    kind.columns = {nameColumn(), fieldColumn<Endpoints>("Endpoints", "string", "subsets"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        return {object.metadata.name, endpointsText(as<Endpoints>(object)), ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
