// Source: https://kubernetes.io/docs/tasks/network/extend-service-ip-ranges/.
#include <fmt/format.h>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/networking/kinds.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/ip.h"
#include "cluster/api/types/networking_v1.h"

namespace qd::api {
namespace {

using networkingv1::ServiceCIDR;
using Networks = std::vector<std::string>;

const field::Path kMetadata("metadata");
const field::Path kNetworks("spec.cidrs");

field::Errors canonicalNetworkErrors(const field::Path& path, const std::string& network) {
    field::Errors errors = networkErrors(path, network);
    if (!errors.empty()) return errors;
    const std::string canonical = IpNetwork::parse(network)->toString();
    if (network != canonical)
        errors.push_back(field::invalid(path, network, fmt::format("must be in canonical form (\"{}\")", canonical)));
    return errors;
}

field::Errors networksErrors(const ServiceCIDR& object) {
    const Networks& networks = object.spec.cidrs;
    if (networks.empty()) return {field::required(kNetworks, "at least one CIDR required")};
    if (networks.size() > 2) return {field::invalid(kNetworks, shown(object.spec), "may only hold up to 2 values")};
    field::Errors errors;
    for (std::size_t i = 0; i < networks.size(); ++i)
        field::append(errors, canonicalNetworkErrors(kNetworks.index(i), networks[i]));
    const auto first = IpNetwork::parse(networks.front());
    const auto last = IpNetwork::parse(networks.back());
    if (networks.size() == 2 && first && last && first->address.v6 == last->address.v6) {
        errors.push_back(
            field::invalid(kNetworks, shownStrings(networks),
                           "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"));
    }
    return errors;
}

// Networks stay, but a second one may be added.
field::Errors changeErrors(const Object& nowObject, const Object& oldObject) {
    const Networks& now = as<ServiceCIDR>(nowObject).spec.cidrs;
    const Networks& old = as<ServiceCIDR>(oldObject).spec.cidrs;
    field::Errors errors = validateObjectMetaUpdate(nowObject.metadata, oldObject.metadata, kMetadata);
    const bool extended = old.size() == 1 && now.size() == 2;
    if (now.size() != old.size() && !extended) {
        errors.push_back(immutable(kNetworks, shownStrings(now)));
        return errors;
    }
    for (std::size_t i = 0; i < old.size(); ++i) {
        if (now[i] != old[i]) errors.push_back(immutable(kNetworks.index(i), now[i]));
    }
    if (extended) field::append(errors, networksErrors(as<ServiceCIDR>(nowObject)));
    return errors;
}

}  // namespace

Kind serviceCidrKind() {
    Kind kind = plainKind("networking.k8s.io", "v1", "ServiceCIDR");
    addStatus(kind);
    validateCreate(kind, [](const Object& object) {
        field::Errors errors = validateObjectMeta(object.metadata, false, nullptr, kMetadata);
        field::append(errors, networksErrors(as<ServiceCIDR>(object)));
        return errors;
    });
    validateUpdate(kind, changeErrors);
    kind.columns = {nameColumn(), fieldColumn<networkingv1::ServiceCIDRSpec>("CIDRs", "string", "cidrs"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        return {object.metadata.name, joined(as<ServiceCIDR>(object).spec.cidrs),
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
