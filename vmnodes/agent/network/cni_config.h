// The configuration that containerd gives to the CNI plugins: one bridge a node, addresses out of the node's Pod CIDR.
#pragma once

#include <string>

#include "cluster/base/result.h"
#include "vmnodes/agent/network/address.h"

namespace qd::agent::network {

struct PodNetwork {
    Cidr podCidr;  // of this node, e.g. 10.244.1.0/24
    int mtu = 1500;
    std::string bridge = "cni0";
};

// The text of a CNI network configuration list: bridge with host-local addresses, hairpin mode (a Pod reaches itself
// through its Service) and loopback. Masquerade and host ports are the agent's own (firewall.h), not the plugins'.
std::string cniConfiguration(const PodNetwork& network);

// Writes the list to <folder>/10-quarterdeck.conflist, atomically, if it differs. Answers whether it was written.
Result<bool> writeCniConfiguration(const PodNetwork& network, const std::string& folder = "/etc/cni/net.d");

}  // namespace qd::agent::network
