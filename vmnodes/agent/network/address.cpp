#include "vmnodes/agent/network/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <ranges>
#include <span>

namespace qd::agent::network {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string terminated(text);
    IpAddress address;
    address.v6 = text.find(':') != std::string_view::npos;
    if (inet_pton(address.family(), terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
    return address;
}

std::string IpAddress::text() const {
    char buffer[INET6_ADDRSTRLEN] = {};
    inet_ntop(family(), bytes.data(), buffer, sizeof buffer);
    return buffer;
}

int IpAddress::family() const {
    return v6 ? AF_INET6 : AF_INET;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto address = IpAddress::parse(text.substr(0, slash));
    const std::string_view digits = text.substr(slash + 1);
    int prefix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (!address || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    if (prefix < 0 || prefix > static_cast<int>(address->length()) * 8) return std::nullopt;
    return Cidr{*address, prefix};
}

std::string Cidr::text() const {
    return address.text() + "/" + std::to_string(prefix);
}

bool Cidr::contains(const IpAddress& other) const {
    if (other.v6 != address.v6) return false;
    return Cidr{other, prefix}.network() == network();
}

Cidr Cidr::network() const {
    Cidr result = *this;
    for (std::size_t i = 0; i < result.address.bytes.size(); ++i) {
        const int bits = std::clamp(prefix - static_cast<int>(i) * 8, 0, 8);
        result.address.bytes[i] &= static_cast<std::uint8_t>(0xff00 >> bits);
    }
    return result;
}

IpAddress Cidr::nth(std::uint32_t n) const {
    IpAddress result = network().address;
    std::uint64_t carry = n;
    for (std::uint8_t& byte : std::span(result.bytes).first(result.length()) | std::views::reverse) {
        carry += byte;
        byte = static_cast<std::uint8_t>(carry & 0xff);
        carry >>= 8;
    }
    return result;
}

}  // namespace qd::agent::network
