// IP addresses and prefixes as values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qd::agent::network {

struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};  // network order; IPv4 uses the first four
    bool v6 = false;

    // Nothing for text that is no address. Zones are not accepted.
    static std::optional<IpAddress> parse(std::string_view text);
    std::string text() const;
    int family() const;  // AF_INET or AF_INET6
    std::size_t length() const { return v6 ? 16 : 4; }

    auto operator<=>(const IpAddress&) const = default;
};

struct Cidr {
    IpAddress address;  // host bits are kept as given
    int prefix = 0;

    static std::optional<Cidr> parse(std::string_view text);
    std::string text() const;
    bool contains(const IpAddress& other) const;
    // The prefix with host bits cleared.
    Cidr network() const;
    // The n-th address of the prefix: nth(1) of 10.244.1.0/24 is 10.244.1.1.
    IpAddress nth(std::uint32_t n) const;

    auto operator<=>(const Cidr&) const = default;
};

}  // namespace qd::agent::network
