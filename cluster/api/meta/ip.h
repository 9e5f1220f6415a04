// IP addresses and networks as API fields have them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qd::api {

struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};  // IPv4 in the last four, as ::ffff:a.b.c.d
    bool v6 = false;
    // How it was written, where that is not a proper spelling of today.
    bool leadingZeros = false;
    bool mapped = false;  // an IPv4 address written as ::ffff:a.b.c.d

    // Leading zeros are read as decimal, as Kubernetes always did. Null when the text is no address.
    static std::optional<IpAddress> parse(std::string_view text);

    std::string toString() const;  // RFC 5952
    bool isUnspecified() const;
    bool isLoopback() const;
    bool isLinkLocalUnicast() const;
    bool isLinkLocalMulticast() const;
    std::uint32_t v4() const { return std::uint32_t(bytes[12]) << 24 | std::uint32_t(bytes[13]) << 16 | std::uint32_t(bytes[14]) << 8 | bytes[15]; }
    static IpAddress fromV4(std::uint32_t address);

    bool operator==(const IpAddress& other) const { return v6 == other.v6 && bytes == other.bytes; }
};

struct IpNetwork {
    IpAddress address;  // as given, bits beyond the prefix included
    int prefix = 0;
    bool leadingZeros = false;  // in the address or the prefix length

    static std::optional<IpNetwork> parse(std::string_view text);
    IpAddress first() const;  // the address without the bits beyond the prefix
    bool contains(const IpAddress& other) const;
    std::string toString() const;
};

}  // namespace qd::api
