#include "vmnodes/agent/proxy/proxy.h"

#include <optional>

namespace qd::agent::proxy {
namespace {

constexpr const char* kLink = "kube-ipvs0";

network::Cidr alone(const IpAddress& address) {
    return {address, address.v6 ? 128 : 32};
}

}  // namespace

Result<std::unique_ptr<Proxy>> Proxy::open() {
    auto links = network::Links::open();
    if (!links) return fail(links.error());
    auto ipvs = openIpvs();
    if (!ipvs) return fail(ipvs.error());
    if (auto made = links->ensureLink(kLink, "dummy", true); !made) return fail(made.error());
    return std::make_unique<Proxy>(std::move(*links), std::move(*ipvs));
}

Result<void> Proxy::setAddresses(const ProxyPlan& plan, bool removing) {
    const auto listed = m_links.addresses();
    if (!listed) return fail(listed.error());
    std::set<IpAddress> present;
    for (const network::LinkAddress& entry : *listed)
        if (entry.link == kLink) present.insert(entry.address.address);
    std::optional<Error> first;
    const auto note = [&](Result<void> result) {
        if (!result && !first) first = std::move(result.error());
    };
    if (removing) {
        for (const IpAddress& address : present) {
            const bool linkLocal = address.v6 && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
            if (!plan.addresses.contains(address) && !linkLocal) note(m_links.deleteAddress(kLink, alone(address)));
        }
    } else {
        for (const IpAddress& address : plan.addresses)
            if (!present.contains(address)) note(m_links.addAddress(kLink, alone(address)));
    }
    if (first) return fail(std::move(*first));
    return {};
}

Result<bool> Proxy::apply(const ProxyPlan& plan, const PodFirewall& pods) {
    std::optional<Error> first;
    const auto note = [&](Result<void> result) {
        if (!result && !first) first = std::move(result.error());
    };
    // New servers answer only when their address and their rules are there; old addresses go last.
    note(m_firewall.apply({.clusterCidr = pods.clusterCidr,
                           .podCidr = pods.podCidr,
                           .masqueradedServers = plan.masqueradedServers,
                           .masqueradedNodePorts = plan.masqueradedNodePorts,
                           .hairpins = plan.hairpins,
                           .hostPorts = pods.hostPorts}));
    note(setAddresses(plan, false));
    auto actual = m_ipvs->list();
    if (!actual) return fail(actual.error());
    for (const Change& change : changes(*actual, plan.servers)) note(m_ipvs->apply(change));
    note(setAddresses(plan, true));
    if (first) return fail(std::move(*first));
    actual = m_ipvs->list();
    if (!actual) return fail(actual.error());
    return isDraining(*actual, plan.servers);
}

}  // namespace qd::agent::proxy
