#include "vmnodes/host/address_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace qd::host {
namespace {

std::uint32_t maskOf(int prefix) {
    return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix);
}

Cidr octets(std::uint32_t a, std::uint32_t b, std::uint32_t c, int prefix) {
    return {{a << 24 | b << 16 | c << 8}, prefix};
}

// first.{from..to}, in that order.
void appendSlash16(std::vector<Cidr>& out, std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t second = from; second <= to; ++second) out.push_back(octets(10, second, 0, 16));
}

std::vector<Cidr> nodeCandidates() {
    std::vector<Cidr> candidates;
    for (std::uint32_t third = 140; third <= 250; ++third) candidates.push_back(octets(192, 168, third, 24));
    for (std::uint32_t second = 20; second <= 31; ++second) candidates.push_back(octets(172, second, 0, 24));
    return candidates;
}

std::vector<Cidr> podCandidates() {
    std::vector<Cidr> candidates;
    appendSlash16(candidates, 244, 254);
    appendSlash16(candidates, 128, 243);
    return candidates;
}

std::vector<Cidr> serviceCandidates() {
    std::vector<Cidr> candidates;
    appendSlash16(candidates, 96, 127);
    return candidates;
}

const Cidr* conflictOf(const Cidr& range, std::span<const Cidr> taken) {
    const auto found = std::ranges::find_if(taken, [&](const Cidr& one) { return one.overlaps(range); });
    return found == taken.end() ? nullptr : &*found;
}

Result<Cidr> choose(std::string_view what, const std::optional<Cidr>& wish, const std::vector<Cidr>& candidates,
                    std::span<const Cidr> taken) {
    if (wish) {
        if (const Cidr* conflict = conflictOf(*wish, taken)) {
            return fail(Reason::Conflict, fmt::format("the {} range {} overlaps {}, which this host uses already; "
                                                      "choose another in the cluster's settings",
                                                      what, wish->toString(), conflict->toString()));
        }
        return *wish;
    }
    for (const Cidr& candidate : candidates) {
        if (conflictOf(candidate, taken) == nullptr) return candidate;
    }
    return fail(Reason::Conflict,
                fmt::format("no {} range is free on this host ({} tried); set one in the cluster's settings", what,
                            candidates.size()));
}

}  // namespace

std::string Ipv4::toString() const {
    return fmt::format("{}.{}.{}.{}", value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255);
}

std::optional<Ipv4> Ipv4::parse(std::string_view text) {
    Ipv4 address;
    for (int octet = 0; octet < 4; ++octet) {
        if (octet > 0) {
            if (!text.starts_with('.')) return std::nullopt;
            text.remove_prefix(1);
        }
        unsigned part = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
        const auto length = static_cast<std::size_t>(end - text.data());
        if (error != std::errc{} || part > 255 || (length > 1 && text.front() == '0')) return std::nullopt;
        text.remove_prefix(length);
        address.value = address.value << 8 | part;
    }
    return text.empty() ? std::optional(address) : std::nullopt;
}

std::string Cidr::toString() const {
    return fmt::format("{}/{}", base.toString(), prefix);
}

std::string Cidr::netmask() const {
    return Ipv4{maskOf(prefix)}.toString();
}

bool Cidr::contains(Ipv4 address) const {
    return (address.value & maskOf(prefix)) == base.value;
}

bool Cidr::overlaps(const Cidr& other) const {
    const std::uint32_t mask = maskOf(std::min(prefix, other.prefix));
    return (base.value & mask) == (other.base.value & mask);
}

Cidr Cidr::subnet(int subnetPrefix, std::uint32_t index) const {
    return {{base.value + (index << (32 - subnetPrefix))}, subnetPrefix};
}

Result<Cidr> Cidr::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto base = Ipv4::parse(text.substr(0, slash));
    int prefix = -1;
    if (slash != text.npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
        if (error != std::errc{} || end != digits.data() + digits.size()) prefix = -1;
    }
    if (!base || prefix < 0 || prefix > 32) {
        return fail(Reason::Invalid, fmt::format("\"{}\" must be an IPv4 range such as 192.168.140.0/24", text));
    }
    const Cidr cidr{*base, prefix};
    if (!cidr.contains(*base)) {
        return fail(Reason::Invalid, fmt::format("\"{}\" has bits set beyond its prefix; write {}", text,
                                                 Cidr{{base->value & maskOf(prefix)}, prefix}.toString()));
    }
    return cidr;
}

Result<AddressPlan> chooseAddresses(std::span<const Cidr> taken, const AddressWishes& wishes) {
    // A fixed range must not be taken by a free choice either.
    std::vector<Cidr> avoid(taken.begin(), taken.end());
    const auto avoidingWishesBut = [&](const std::optional<Cidr>& own) {
        std::vector<Cidr> ranges = avoid;
        for (const auto* wish : {&wishes.nodes, &wishes.pods, &wishes.services}) {
            if (wish != &own && *wish) ranges.push_back(**wish);
        }
        return ranges;
    };
    const auto nodes = choose("node", wishes.nodes, nodeCandidates(), avoidingWishesBut(wishes.nodes));
    if (!nodes) return fail(nodes.error());
    avoid.push_back(*nodes);
    const auto pods = choose("Pod", wishes.pods, podCandidates(), avoidingWishesBut(wishes.pods));
    if (!pods) return fail(pods.error());
    avoid.push_back(*pods);
    const auto services = choose("Service", wishes.services, serviceCandidates(), avoidingWishesBut(wishes.services));
    if (!services) return fail(services.error());
    return AddressPlan{*nodes, *pods, *services};
}

}  // namespace qd::host
