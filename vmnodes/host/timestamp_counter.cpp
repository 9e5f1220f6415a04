#include "vmnodes/host/timestamp_counter.h"

#include <time.h>

#include <fstream>
#include <limits>
#include <string>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace qd::host {

#if defined(__x86_64__)
namespace {

constexpr std::int64_t kSpan = 20'000'000;  // ns
constexpr int kTries = 32;

std::int64_t nanoseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

struct Sample {
    std::int64_t time = 0;
    std::uint64_t ticks = 0;
};

// The try in which the two were read the closest together: others were interrupted.
Sample sample() {
    Sample best;
    std::int64_t narrowest = std::numeric_limits<std::int64_t>::max();
    for (int i = 0; i < kTries; ++i) {
        const std::int64_t before = nanoseconds();
        const std::uint64_t ticks = __rdtsc();
        const std::int64_t after = nanoseconds();
        if (after - before >= narrowest) continue;
        narrowest = after - before;
        best = {before + narrowest / 2, ticks};
    }
    return best;
}

bool ticksSteadily() {
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);)
        if (line.starts_with("flags")) return (line + ' ').find(" constant_tsc ") != line.npos;
    return false;
}

}  // namespace

std::optional<std::uint64_t> timestampCounterKhz() {
    if (!ticksSteadily()) return std::nullopt;
    const Sample first = sample();
    while (nanoseconds() - first.time < kSpan) {
    }
    const Sample last = sample();
    return static_cast<std::uint64_t>(static_cast<double>(last.ticks - first.ticks) * 1e6 /
                                      static_cast<double>(last.time - first.time));
}
#else
std::optional<std::uint64_t> timestampCounterKhz() { return std::nullopt; }
#endif

}  // namespace qd::host
