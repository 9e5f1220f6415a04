// Which routes a node needs so that the Pod network is flat: one to each other node's Pod CIDR by that node's address.
#pragma once

#include <vector>

#include "vmnodes/agent/network/address.h"

namespace qd::agent::network {

struct Route {
    Cidr destination;
    IpAddress gateway;

    auto operator<=>(const Route&) const = default;
};

struct Peer {
    std::string name;
    std::vector<Cidr> podCidrs;
    std::vector<IpAddress> addresses;  // InternalIPs
};

// Routes to every peer but `self`. A peer without an address of the prefix's family, or without a Pod CIDR, has none
// yet. The result is sorted and has each destination once.
std::vector<Route> routesToPeers(const std::vector<Peer>& peers, const std::string& self);

struct RouteChanges {
    std::vector<Route> replace;
    std::vector<Route> remove;
};

// What turns the routes that are there into the desired ones.
RouteChanges routeChanges(const std::vector<Route>& present, const std::vector<Route>& desired);

}  // namespace qd::agent::network
