// Makes the kernel serve a ProxyPlan: addresses on the dummy interface kube-ipvs0, virtual servers in IPVS, rules in
// nftables. What the kernel has keeps serving while the agent or the control plane is away; each apply() compares with
// the kernel's own state, so that nothing is lost by a restart. Not thread-safe.
#pragma once

#include <memory>

#include "vmnodes/agent/network/links.h"
#include "vmnodes/agent/proxy/service_plan.h"

namespace qd::agent::proxy {

struct PodFirewall {
    std::optional<network::Cidr> clusterCidr;
    std::optional<network::Cidr> podCidr;
    std::vector<network::HostPort> hostPorts;
};

class Proxy {
public:
    static Result<std::unique_ptr<Proxy>> open();
    Proxy(network::Links links, std::unique_ptr<Ipvs> ipvs) : m_links(std::move(links)), m_ipvs(std::move(ipvs)) {}

    // Answers whether some servers still drain: then apply() wants to be called again in a while. Does as much as it
    // can; the error is the first one.
    Result<bool> apply(const ProxyPlan& plan, const PodFirewall& pods);

private:
    Result<void> setAddresses(const ProxyPlan& plan, bool removing);

    network::Links m_links;
    std::unique_ptr<Ipvs> m_ipvs;
    network::Firewall m_firewall;
};

}  // namespace qd::agent::proxy
