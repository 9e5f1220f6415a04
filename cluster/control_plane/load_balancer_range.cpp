#include "cluster/control_plane/load_balancer_range.h"

#include <fmt/format.h>

namespace qd::control_plane {
namespace {

constexpr int kSmallestServices = 22;  // prefix of the smallest network that can spare a part
constexpr int kDefaultPrefix = 24;
constexpr std::uint32_t kFirstServices = 16;

bool overlap(const api::IpNetwork& a, const api::IpNetwork& b) {
    return a.contains(b.first()) || b.contains(a.first());
}

api::IpNetwork lastOf(const api::IpNetwork& services) {
    const std::uint32_t size = std::uint32_t(1) << (32 - services.prefix);
    const std::uint32_t part = std::uint32_t(1) << (32 - kDefaultPrefix);
    return {.address = api::IpAddress::fromV4(services.first().v4() + size - part), .prefix = kDefaultPrefix};
}

}  // namespace

Result<std::optional<api::IpNetwork>> loadBalancerRange(const std::string& text, const api::IpNetwork& services,
                                                        const std::string& podCidr) {
    if (text == "none") return std::optional<api::IpNetwork>{};
    if (text.empty())
        return services.prefix > kSmallestServices ? std::optional<api::IpNetwork>{} : std::optional(lastOf(services));
    const auto range = api::IpNetwork::parse(text);
    if (!range || range->address.v6)
        return fail(
            Reason::BadRequest,
            fmt::format("the range of load balancers must be an IPv4 network such as 10.96.255.0/24, or none: {}",
                        text));
    const api::IpNetwork first{.address = services.first(), .prefix = 28};
    static_assert(kFirstServices == 1U << (32 - 28));
    if (overlap(*range, first))
        return fail(Reason::BadRequest,
                    fmt::format("the range of load balancers, {}, takes in the first {} addresses of Services, {}",
                                text, kFirstServices, services.toString()));
    if (const auto pods = api::IpNetwork::parse(podCidr); pods && overlap(*range, *pods)) {
        return fail(Reason::BadRequest,
                    fmt::format("the range of load balancers, {}, overlaps that of Pods, {}", text, podCidr));
    }
    return std::optional(*range);
}

}  // namespace qd::control_plane
