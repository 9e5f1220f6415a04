// From Services and EndpointSlices to the virtual servers, addresses and masquerade rules of one node: a pure function.
//
// What kube-proxy does in its IPVS mode: https://kubernetes.io/docs/reference/networking/virtual-ips/. Only ready
// endpoints are used; when a port has none, those that end but still serve. The policies "Local" leave the endpoints of
// this node.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/discovery_v1.h"
#include "vmnodes/agent/proxy/ipvs.h"

namespace qd::agent::proxy {

struct ProxyInput {
    std::vector<std::shared_ptr<const corev1::Service>> services;
    std::vector<std::shared_ptr<const discoveryv1::EndpointSlice>> slices;
    std::string nodeName;
    std::vector<IpAddress> nodeAddresses;  // where node ports answer
};

struct ProxyPlan {
    std::vector<VirtualServer> servers;
    std::set<IpAddress> addresses;  // that this node must take as its own: all but node addresses
    std::vector<SocketAddress> masqueradedServers;
    std::vector<network::NodePort> masqueradedNodePorts;
    std::vector<IpAddress> hairpins;  // endpoints on this node
};

ProxyPlan planProxy(const ProxyInput& input);

}  // namespace qd::agent::proxy
