#include "vmnodes/agent/network/links.h"

#include <linux/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include <algorithm>
#include <optional>

namespace qd::agent::network {
namespace {

// rtnetlink's "who made this route"; a number that no routing daemon uses (see /etc/iproute2/rt_protos).
constexpr int kRouteProtocol = 0x51;

struct SocketDeleter {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
};
struct CacheDeleter {
    void operator()(nl_cache* cache) const { nl_cache_free(cache); }
};
struct LinkDeleter {
    void operator()(rtnl_link* link) const { rtnl_link_put(link); }
};
struct AddressDeleter {
    void operator()(rtnl_addr* address) const { rtnl_addr_put(address); }
};
struct RouteDeleter {
    void operator()(rtnl_route* route) const { rtnl_route_put(route); }
};
struct NlAddressDeleter {
    void operator()(nl_addr* address) const { nl_addr_put(address); }
};
using Cache = std::unique_ptr<nl_cache, CacheDeleter>;
using Link = std::unique_ptr<rtnl_link, LinkDeleter>;
using Address = std::unique_ptr<rtnl_addr, AddressDeleter>;
using RouteObject = std::unique_ptr<rtnl_route, RouteDeleter>;
using NlAddress = std::unique_ptr<nl_addr, NlAddressDeleter>;

base::Failure failed(const std::string& what, int code) {
    return fail(Reason::InternalError, what + ": " + nl_geterror(code));
}

NlAddress build(const IpAddress& address, int prefix) {
    NlAddress result(nl_addr_build(address.family(), address.bytes.data(), address.length()));
    nl_addr_set_prefixlen(result.get(), prefix);
    return result;
}

std::optional<Cidr> read(const nl_addr* address) {
    if (address == nullptr) return std::nullopt;
    const int family = nl_addr_get_family(address);
    if (family != AF_INET && family != AF_INET6) return std::nullopt;
    Cidr cidr;
    cidr.address.v6 = family == AF_INET6;
    const auto* bytes = static_cast<const std::uint8_t*>(nl_addr_get_binary_addr(address));
    std::copy_n(bytes, nl_addr_get_len(address), cidr.address.bytes.begin());
    cidr.prefix = static_cast<int>(nl_addr_get_prefixlen(address));
    return cidr;
}

RouteObject build(const Route& route) {
    RouteObject object(rtnl_route_alloc());
    rtnl_route_set_family(object.get(), static_cast<std::uint8_t>(route.destination.address.family()));
    rtnl_route_set_dst(object.get(), build(route.destination.address, route.destination.prefix).get());
    rtnl_route_set_table(object.get(), RT_TABLE_MAIN);
    rtnl_route_set_scope(object.get(), RT_SCOPE_UNIVERSE);
    rtnl_route_set_protocol(object.get(), kRouteProtocol);
    rtnl_nexthop* hop = rtnl_route_nh_alloc();
    rtnl_route_nh_set_gateway(hop, build(route.gateway, static_cast<int>(route.gateway.length()) * 8).get());
    rtnl_route_add_nexthop(object.get(), hop);  // takes the hop
    return object;
}

}  // namespace

struct Links::State {
    std::unique_ptr<nl_sock, SocketDeleter> socket;

    int indexOf(const std::string& name) const {
        rtnl_link* found = nullptr;
        if (rtnl_link_get_kernel(socket.get(), 0, name.c_str(), &found) < 0) return 0;
        const Link link(found);
        return rtnl_link_get_ifindex(found);
    }
    Result<Address> address(const std::string& link, const Cidr& cidr) const {
        const int index = indexOf(link);
        if (index == 0) return fail(Reason::NotFound, "there is no network interface " + link);
        Address object(rtnl_addr_alloc());
        rtnl_addr_set_ifindex(object.get(), index);
        if (const int code = rtnl_addr_set_local(object.get(), build(cidr.address, cidr.prefix).get()); code < 0)
            return failed("cannot use the address " + cidr.text(), code);
        return object;
    }
};

Links::Links(std::unique_ptr<State> state) : m_state(std::move(state)) {}
Links::Links(Links&&) noexcept = default;
Links& Links::operator=(Links&&) noexcept = default;
Links::~Links() = default;

Result<Links> Links::open() {
    auto state = std::make_unique<State>();
    state->socket.reset(nl_socket_alloc());
    if (const int code = nl_connect(state->socket.get(), NETLINK_ROUTE); code < 0)
        return failed("cannot reach the kernel's network configuration", code);
    return Links(std::move(state));
}

bool Links::hasLink(const std::string& name) {
    return m_state->indexOf(name) != 0;
}

Result<void> Links::ensureLink(const std::string& name, const std::string& kind, bool noArp) {
    nl_sock* socket = m_state->socket.get();
    if (!hasLink(name)) {
        const Link fresh(rtnl_link_alloc());
        rtnl_link_set_name(fresh.get(), name.c_str());
        rtnl_link_set_type(fresh.get(), kind.c_str());
        const int code = rtnl_link_add(socket, fresh.get(), NLM_F_CREATE | NLM_F_EXCL);
        if (code < 0 && code != -NLE_EXIST) return failed("cannot make the network interface " + name, code);
    }
    rtnl_link* found = nullptr;
    if (const int code = rtnl_link_get_kernel(socket, 0, name.c_str(), &found); code < 0)
        return failed("cannot read the network interface " + name, code);
    const Link present(found);
    const Link change(rtnl_link_alloc());
    rtnl_link_set_flags(change.get(), noArp ? IFF_UP | IFF_NOARP : IFF_UP);
    if (const int code = rtnl_link_change(socket, present.get(), change.get(), 0); code < 0)
        return failed("cannot set up the network interface " + name, code);
    return {};
}

Result<void> Links::deleteLink(const std::string& name) {
    const Link link(rtnl_link_alloc());
    rtnl_link_set_name(link.get(), name.c_str());
    const int code = rtnl_link_delete(m_state->socket.get(), link.get());
    if (code < 0 && code != -NLE_NODEV && code != -NLE_OBJ_NOTFOUND)
        return failed("cannot delete the network interface " + name, code);
    return {};
}

Result<std::vector<LinkAddress>> Links::addresses() {
    nl_cache* cache = nullptr;
    nl_cache* links = nullptr;
    if (const int code = rtnl_link_alloc_cache(m_state->socket.get(), AF_UNSPEC, &links); code < 0)
        return failed("cannot list the network interfaces", code);
    const Cache ownedLinks(links);
    if (const int code = rtnl_addr_alloc_cache(m_state->socket.get(), &cache); code < 0)
        return failed("cannot list the addresses", code);
    const Cache owned(cache);
    std::vector<LinkAddress> found;
    for (nl_object* object = nl_cache_get_first(cache); object != nullptr; object = nl_cache_get_next(object)) {
        auto* address = reinterpret_cast<rtnl_addr*>(object);
        char name[IFNAMSIZ] = {};
        rtnl_link_i2name(links, rtnl_addr_get_ifindex(address), name, sizeof name);
        if (auto cidr = read(rtnl_addr_get_local(address))) {
            cidr->prefix = rtnl_addr_get_prefixlen(address);
            found.push_back({name, *cidr});
        }
    }
    return found;
}

Result<void> Links::addAddress(const std::string& link, const Cidr& address) {
    const auto object = m_state->address(link, address);
    if (!object) return fail(object.error());
    const int code = rtnl_addr_add(m_state->socket.get(), object->get(), 0);
    if (code < 0 && code != -NLE_EXIST) return failed("cannot add " + address.text() + " to " + link, code);
    return {};
}

Result<void> Links::deleteAddress(const std::string& link, const Cidr& address) {
    const auto object = m_state->address(link, address);
    if (!object) return fail(object.error());
    const int code = rtnl_addr_delete(m_state->socket.get(), object->get(), 0);
    if (code < 0 && code != -NLE_NOADDR && code != -NLE_OBJ_NOTFOUND)
        return failed("cannot take " + address.text() + " from " + link, code);
    return {};
}

namespace {

// Calls `visit` with every route of the main table.
template <typename Visit>
Result<void> forEachRoute(nl_sock* socket, Visit visit) {
    nl_cache* cache = nullptr;
    if (const int code = rtnl_route_alloc_cache(socket, AF_UNSPEC, 0, &cache); code < 0)
        return failed("cannot list the routes", code);
    const Cache owned(cache);
    for (nl_object* object = nl_cache_get_first(cache); object != nullptr; object = nl_cache_get_next(object)) {
        auto* route = reinterpret_cast<rtnl_route*>(object);
        if (rtnl_route_get_table(route) == RT_TABLE_MAIN && rtnl_route_get_nnexthops(route) > 0) visit(route);
    }
    return {};
}

}  // namespace

Result<std::vector<Route>> Links::ownRoutes() {
    std::vector<Route> routes;
    const auto listed = forEachRoute(m_state->socket.get(), [&](rtnl_route* route) {
        if (rtnl_route_get_protocol(route) != kRouteProtocol) return;
        const auto destination = read(rtnl_route_get_dst(route));
        const auto gateway = read(rtnl_route_nh_get_gateway(rtnl_route_nexthop_n(route, 0)));
        if (destination && gateway) routes.push_back({*destination, gateway->address});
    });
    if (!listed) return fail(listed.error());
    return routes;
}

Result<void> Links::replaceRoute(const Route& route) {
    const RouteObject object = build(route);
    if (const int code = rtnl_route_add(m_state->socket.get(), object.get(), NLM_F_REPLACE); code < 0)
        return failed("cannot set the route to " + route.destination.text() + " by " + route.gateway.text(), code);
    return {};
}

Result<void> Links::deleteRoute(const Route& route) {
    const RouteObject object = build(route);
    const int code = rtnl_route_delete(m_state->socket.get(), object.get(), 0);
    if (code < 0 && code != -NLE_OBJ_NOTFOUND && code != -NLE_NODEV)
        return failed("cannot remove the route to " + route.destination.text(), code);
    return {};
}

Result<std::vector<std::string>> Links::defaultRouteLinks() {
    nl_cache* links = nullptr;
    if (const int code = rtnl_link_alloc_cache(m_state->socket.get(), AF_UNSPEC, &links); code < 0)
        return failed("cannot list the network interfaces", code);
    const Cache owned(links);
    std::vector<std::string> names;
    const auto listed = forEachRoute(m_state->socket.get(), [&](rtnl_route* route) {
        const nl_addr* destination = rtnl_route_get_dst(route);
        if (destination != nullptr && nl_addr_get_prefixlen(destination) != 0) return;
        char name[IFNAMSIZ] = {};
        rtnl_link_i2name(links, rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, 0)), name, sizeof name);
        names.emplace_back(name);
    });
    if (!listed) return fail(listed.error());
    return names;
}

}  // namespace qd::agent::network
