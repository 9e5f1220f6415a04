#include "vmnodes/agent/network/node_routes.h"

#include <algorithm>

namespace qd::agent::network {

std::vector<Route> routesToPeers(const std::vector<Peer>& peers, const std::string& self) {
    std::vector<Route> routes;
    for (const Peer& peer : peers) {
        if (peer.name == self) continue;
        for (const Cidr& cidr : peer.podCidrs) {
            const auto gateway = std::ranges::find(peer.addresses, cidr.address.v6, &IpAddress::v6);
            if (gateway != peer.addresses.end()) routes.push_back({cidr.network(), *gateway});
        }
    }
    std::ranges::sort(routes);
    const auto repeated = std::ranges::unique(routes, {}, &Route::destination);
    routes.erase(repeated.begin(), repeated.end());
    return routes;
}

RouteChanges routeChanges(const std::vector<Route>& present, const std::vector<Route>& desired) {
    RouteChanges changes;
    for (const Route& route : desired)
        if (std::ranges::find(present, route) == present.end()) changes.replace.push_back(route);
    for (const Route& route : present)
        if (std::ranges::find(desired, route.destination, &Route::destination) == desired.end())
            changes.remove.push_back(route);
    return changes;
}

}  // namespace qd::agent::network
