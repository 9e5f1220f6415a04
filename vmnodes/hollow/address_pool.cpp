#include "vmnodes/hollow/address_pool.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

namespace qd::hollow {
namespace {

std::optional<std::uint32_t> parse(const std::string& text) {
    in_addr address{};
    if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
    return ntohl(address.s_addr);
}

std::string format(std::uint32_t address) {
    return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255, address & 255);
}

}  // namespace

Result<AddressPool> AddressPool::of(const std::string& cidr) {
    const auto slash = cidr.find('/');
    const auto network = parse(cidr.substr(0, slash));
    unsigned bits = 0;
    const bool hasBits = slash != std::string::npos && std::from_chars(cidr.data() + slash + 1, cidr.data() + cidr.size(), bits).ec == std::errc();
    if (!network || !hasBits || bits < 8 || bits > 30) return fail(Reason::BadRequest, fmt::format("{} is no IPv4 network for Pods", cidr));
    AddressPool pool;
    pool.m_first = (*network & (~std::uint32_t{0} << (32 - bits))) + 2;
    pool.m_size = (std::uint32_t{1} << (32 - bits)) - 3;
    return pool;
}

std::string AddressPool::take() {
    for (std::uint32_t tried = 0; tried < m_size; ++tried) {
        const std::uint32_t candidate = m_first + m_next;
        m_next = (m_next + 1) % m_size;
        if (m_taken.insert(candidate).second) return format(candidate);
    }
    return "";
}

void AddressPool::mark(const std::string& address) {
    if (const auto number = parse(address)) m_taken.insert(*number);
}

void AddressPool::release(const std::string& address) {
    if (const auto number = parse(address)) m_taken.erase(*number);
}

}  // namespace qd::hollow
