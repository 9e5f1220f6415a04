#include <fmt/format.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>

#include <algorithm>
#include <memory>

#include "vmnodes/host/address_plan.h"

namespace qd::host {
namespace {

using Socket = std::unique_ptr<nl_sock, decltype(&nl_socket_free)>;
using Cache = std::unique_ptr<nl_cache, decltype(&nl_cache_free)>;

// The range that a netlink address stands for; nullopt for default routes, single addresses' lack, and other families.
std::optional<Cidr> rangeOf(nl_addr* address) {
    if (address == nullptr || nl_addr_get_family(address) != AF_INET || nl_addr_get_len(address) != 4)
        return std::nullopt;
    const int prefix = static_cast<int>(nl_addr_get_prefixlen(address));
    if (prefix == 0) return std::nullopt;
    const auto* bytes = static_cast<const std::uint8_t*>(nl_addr_get_binary_addr(address));
    const std::uint32_t value =
        std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - prefix);
    return Cidr{{value & mask}, prefix};
}

void collect(nl_cache* cache, std::vector<Cidr>& out, nl_addr* (*addressOf)(nl_object*)) {
    for (nl_object* object = nl_cache_get_first(cache); object != nullptr; object = nl_cache_get_next(object)) {
        const auto range = rangeOf(addressOf(object));
        if (range && std::find(out.begin(), out.end(), *range) == out.end()) out.push_back(*range);
    }
}

}  // namespace

Result<std::vector<Cidr>> readHostRoutes() {
    const auto failed = [](std::string_view what, int code) {
        return fail(Reason::InternalError, fmt::format("reading the host's {}: {}", what, nl_geterror(code)));
    };
    const Socket socket(nl_socket_alloc(), nl_socket_free);
    if (!socket) return failed("routes", -NLE_NOMEM);
    if (const int code = nl_connect(socket.get(), NETLINK_ROUTE); code < 0) return failed("routes", code);

    nl_cache* raw = nullptr;
    if (const int code = rtnl_route_alloc_cache(socket.get(), AF_INET, 0, &raw); code < 0)
        return failed("routes", code);
    const Cache routes(raw, nl_cache_free);
    if (const int code = rtnl_addr_alloc_cache(socket.get(), &raw); code < 0) return failed("addresses", code);
    const Cache addresses(raw, nl_cache_free);

    std::vector<Cidr> taken;
    collect(routes.get(), taken,
            [](nl_object* object) { return rtnl_route_get_dst(reinterpret_cast<rtnl_route*>(object)); });
    collect(addresses.get(), taken,
            [](nl_object* object) { return rtnl_addr_get_local(reinterpret_cast<rtnl_addr*>(object)); });
    return taken;
}

}  // namespace qd::host
