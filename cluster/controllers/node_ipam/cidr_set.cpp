#include "cluster/controllers/node_ipam/cidr_set.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace qd::controllers {
namespace {

struct Cidr {
    std::uint32_t first = 0;
    int mask = 0;

    std::uint64_t size() const { return std::uint64_t{1} << (32 - mask); }
    bool overlaps(const Cidr& other) const { return first < other.first + other.size() && other.first < first + size(); }
};

std::optional<int> numberIn(std::string_view text, int most) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || text.empty() || number < 0 || number > most) return std::nullopt;
    return number;
}

std::optional<Cidr> parseCidr(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto mask = numberIn(text.substr(slash + 1), 32);
    std::string_view address = text.substr(0, slash);
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        const auto dot = address.find('.');
        if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
        const auto byte = numberIn(address.substr(0, dot), 255);
        if (!byte) return std::nullopt;
        value = value << 8 | static_cast<std::uint32_t>(*byte);
        address = i == 3 ? "" : address.substr(dot + 1);
    }
    if (!mask) return std::nullopt;
    const std::uint32_t bits = *mask == 0 ? 0 : ~std::uint32_t{0} << (32 - *mask);
    return Cidr{value & bits, *mask};
}

std::string text(const Cidr& cidr) {
    return fmt::format("{}.{}.{}.{}/{}", cidr.first >> 24, cidr.first >> 16 & 255, cidr.first >> 8 & 255, cidr.first & 255, cidr.mask);
}

}  // namespace

Result<CidrSet> CidrSet::parse(std::string_view range, int partMask) {
    const auto cidr = parseCidr(range);
    if (!cidr || partMask < cidr->mask || partMask > 32 || partMask - cidr->mask > 16) {
        return fail(Reason::Invalid, fmt::format("{} cannot be split into parts of /{}", range, partMask));
    }
    CidrSet set;
    set.m_first = cidr->first;
    set.m_mask = cidr->mask;
    set.m_partMask = partMask;
    return set;
}

std::optional<std::string> CidrSet::firstFree(const std::set<std::string>& taken) const {
    const std::uint64_t parts = std::uint64_t{1} << (m_partMask - m_mask);
    const Cidr whole{m_first, m_mask};
    std::vector<bool> used(parts, false);
    for (const auto& each : taken) {
        const auto cidr = parseCidr(each);
        if (!cidr || !cidr->overlaps(whole)) continue;
        const std::uint64_t first = cidr->first <= m_first ? 0 : (std::uint64_t{cidr->first} - m_first) >> (32 - m_partMask);
        const std::uint64_t end = cidr->first + cidr->size() - m_first;  // beyond its last address, from the range's first
        for (std::uint64_t part = first; part < parts && part << (32 - m_partMask) < end; ++part) used[part] = true;
    }
    for (std::uint64_t part = 0; part < parts; ++part) {
        if (!used[part]) return text({static_cast<std::uint32_t>(m_first + (part << (32 - m_partMask))), m_partMask});
    }
    return std::nullopt;
}

}  // namespace qd::controllers
