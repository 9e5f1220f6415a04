// Interfaces, addresses and routes by rtnetlink (libnl-route). One Links a thread: it is not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/base/result.h"
#include "vmnodes/agent/network/node_routes.h"

namespace qd::agent::network {

struct LinkAddress {
    std::string link;
    Cidr address;
};

class Links {
public:
    static Result<Links> open();
    Links(Links&&) noexcept;
    Links& operator=(Links&&) noexcept;
    ~Links();

    // Makes an interface of this kind ("dummy", "bridge") unless one of that name is there, and sets it up. With
    // `noArp` it answers no ARP requests.
    Result<void> ensureLink(const std::string& name, const std::string& kind, bool noArp);
    Result<void> deleteLink(const std::string& name);
    bool hasLink(const std::string& name);

    Result<std::vector<LinkAddress>> addresses();
    Result<void> addAddress(const std::string& link, const Cidr& address);
    Result<void> deleteAddress(const std::string& link, const Cidr& address);

    // The routes that replaceRoute made: they carry a routing protocol number of their own.
    Result<std::vector<Route>> ownRoutes();
    // Adds a route by a gateway on a directly connected network, or changes where an existing one of ours leads.
    Result<void> replaceRoute(const Route& route);
    Result<void> deleteRoute(const Route& route);

    // The interface that holds the default route, and the source address used there; nothing without a default route.
    Result<std::vector<std::string>> defaultRouteLinks();

private:
    struct State;
    explicit Links(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

}  // namespace qd::agent::network
