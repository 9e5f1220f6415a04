#include "cluster/base/random.h"

#include <fmt/format.h>

#include <string_view>

namespace qd::base {

Random::Random() {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    m_engine.seed(seed);
}

std::uint64_t Random::below(std::uint64_t bound) {
    std::lock_guard lock(m_mutex);
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(m_engine);
}

double Random::unit() {
    std::lock_guard lock(m_mutex);
    return std::uniform_real_distribution<double>(0.0, 1.0)(m_engine);
}

std::string Random::uuid() {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    {
        std::lock_guard lock(m_mutex);
        high = m_engine();
        low = m_engine();
    }
    high = (high & ~0xF000ULL) | 0x4000ULL;                    // version 4
    low = (low & ~(3ULL << 62U)) | (2ULL << 62U);              // variant of RFC 9562
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xFFFFU, high & 0xFFFFU,
                       low >> 48U, low & 0xFFFF'FFFF'FFFFULL);
}

std::string Random::nameSuffix(std::size_t length) {
    static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
    std::string suffix(length, ' ');
    for (char& c : suffix) c = kAlphabet[below(kAlphabet.size())];
    return suffix;
}

}  // namespace qd::base
