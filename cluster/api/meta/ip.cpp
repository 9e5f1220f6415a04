#include "cluster/api/meta/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace qd::api {
namespace {

constexpr std::uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool parseV4(std::string_view text, std::array<std::uint8_t, 16>& bytes, bool& leadingZeros) {
    std::copy(std::begin(kMappedPrefix), std::end(kMappedPrefix), bytes.begin());
    for (int i = 0; i < 4; ++i) {
        const auto dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        if ((dot == std::string_view::npos) != (i == 3)) return false;
        int value = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
        if (error != std::errc{} || end != part.data() + part.size() || part.front() == '-' || value > 255) return false;
        if (part.size() > 1 && part.front() == '0') leadingZeros = true;
        bytes[12 + i] = static_cast<std::uint8_t>(value);
        if (dot != std::string_view::npos) text.remove_prefix(dot + 1);
    }
    return true;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    IpAddress ip;
    if (text.find(':') == std::string_view::npos) {
        if (!parseV4(text, ip.bytes, ip.leadingZeros)) return std::nullopt;
        return ip;
    }
    if (inet_pton(AF_INET6, std::string(text).c_str(), ip.bytes.data()) != 1) return std::nullopt;
    ip.mapped = std::equal(std::begin(kMappedPrefix), std::end(kMappedPrefix), ip.bytes.begin());
    ip.v6 = !ip.mapped;
    return ip;
}

IpAddress IpAddress::fromV4(std::uint32_t address) {
    IpAddress ip;
    std::copy(std::begin(kMappedPrefix), std::end(kMappedPrefix), ip.bytes.begin());
    for (int i = 0; i < 4; ++i) ip.bytes[12 + i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
    return ip;
}

std::string IpAddress::toString() const {
    char text[INET6_ADDRSTRLEN] = {};
    inet_ntop(v6 ? AF_INET6 : AF_INET, v6 ? bytes.data() : bytes.data() + 12, text, sizeof text);
    return text;
}

bool IpAddress::isUnspecified() const {
    if (!v6) return v4() == 0;
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::isLoopback() const {
    if (!v6) return bytes[12] == 127;
    return std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t b) { return b == 0; }) && bytes[15] == 1;
}

bool IpAddress::isLinkLocalUnicast() const {
    if (!v6) return bytes[12] == 169 && bytes[13] == 254;
    return bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80;
}

bool IpAddress::isLinkLocalMulticast() const {
    if (!v6) return bytes[12] == 224 && bytes[13] == 0 && bytes[14] == 0;
    return bytes[0] == 0xFF && (bytes[1] & 0x0F) == 0x02;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto address = IpAddress::parse(text.substr(0, slash));
    const std::string_view digits = text.substr(slash + 1);
    if (!address || digits.empty() || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    IpNetwork network{*address, 0, address->leadingZeros || (digits.size() > 1 && digits.front() == '0')};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), network.prefix);
    const int longest = address->v6 || address->mapped ? 128 : 32;
    if (error != std::errc{} || network.prefix > longest) return std::nullopt;
    return network;
}

IpAddress IpNetwork::first() const {
    IpAddress masked = address;
    const int skipped = address.v6 || address.mapped ? 0 : 96;
    for (int bit = prefix + skipped; bit < 128; ++bit) masked.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
    return masked;
}

bool IpNetwork::contains(const IpAddress& other) const {
    if (other.v6 != address.v6) return false;
    IpNetwork around = *this;
    around.address = other;
    around.address.mapped = address.mapped;
    return around.first() == first();
}

std::string IpNetwork::toString() const { return first().toString() + "/" + std::to_string(prefix); }

}  // namespace qd::api
