// Randomness that a simulation can decide. The real source is seeded from the system's; the simulated one from its seed.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <string>

namespace qd::base {

// Thread-safe.
class Random {
public:
    Random();  // seeded by the system
    explicit Random(std::uint64_t seed) : m_engine(seed) {}

    // Uniform in [0, bound); bound must be positive.
    std::uint64_t below(std::uint64_t bound);
    // Uniform in [0, 1).
    double unit();
    // A random (version 4) UUID in its usual spelling, RFC 9562.
    std::string uuid();
    // `length` characters of the alphabet that Kubernetes uses for generated names: no vowels, no look-alikes.
    std::string nameSuffix(std::size_t length = 5);

private:
    std::mutex m_mutex;
    std::mt19937_64 m_engine;
};

}  // namespace qd::base
