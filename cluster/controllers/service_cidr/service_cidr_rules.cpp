#include "cluster/controllers/service_cidr/service_cidr_rules.h"

#include <algorithm>

namespace qd::controllers {
namespace {

using networkingv1::IPAddress;
using networkingv1::ServiceCIDR;

bool covers(const ServiceCIDR& cidr, const api::IpNetwork& network) {
    return std::ranges::any_of(cidr.spec.cidrs, [&](const std::string& text) {
        const auto own = api::IpNetwork::parse(text);
        return own && own->address.v6 == network.address.v6 && own->prefix <= network.prefix && own->contains(network.first());
    });
}

bool stays(const ServiceCIDR& other, const ServiceCIDR& than) { return other.metadata.name != than.metadata.name && !other.metadata.deletionTimestamp; }

}  // namespace

bool isAllocated(const IPAddress& address) {
    const auto found = address.metadata.labels.find(networkingv1::LabelManagedBy);
    return found != address.metadata.labels.end() && found->second == kAddressManager;
}

bool contains(const ServiceCIDR& cidr, const api::IpAddress& address) {
    return std::ranges::any_of(cidr.spec.cidrs, [&](const std::string& text) {
        const auto network = api::IpNetwork::parse(text);
        return network && network->contains(address);
    });
}

bool mayGo(const ServiceCIDR& cidr, const ServiceCidrs& all, const IpAddresses& addresses) {
    const auto isCovered = [&](const std::string& text) {
        const auto network = api::IpNetwork::parse(text);
        return !network || std::ranges::any_of(all, [&](const auto& other) { return stays(*other, cidr) && covers(*other, *network); });
    };
    if (std::ranges::all_of(cidr.spec.cidrs, isCovered)) return true;
    return std::ranges::none_of(addresses, [&](const auto& address) {
        const auto ip = api::IpAddress::parse(address->metadata.name);
        if (!ip || !isAllocated(*address) || !contains(cidr, *ip)) return false;
        return std::ranges::none_of(all, [&](const auto& other) { return stays(*other, cidr) && contains(*other, *ip); });
    });
}

IPAddress addressOf(const corev1::Service& service, const api::IpAddress& ip) {
    IPAddress address;
    address.metadata.name = ip.toString();
    address.metadata.labels = {{networkingv1::LabelIPAddressFamily, ip.v6 ? "IPv6" : "IPv4"}, {networkingv1::LabelManagedBy, kAddressManager}};
    auto& parent = address.spec.parentRef.emplace();
    parent.resource = "services";
    parent.namespace_ = service.metadata.namespace_;
    parent.name = service.metadata.name;
    return address;
}

}  // namespace qd::controllers
