// Points and lengths of time, as the whole project spells them.
#pragma once

#include <chrono>

namespace qd::base {

using Duration = std::chrono::microseconds;
// Wall-clock time, UTC, microseconds since 1970.
using WallTime = std::chrono::sys_time<Duration>;
// Time that never goes back; its zero has no meaning.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// Tells the time. The real one asks the system, the simulated one advances only when its executor has nothing to do now.
// Thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    virtual WallTime now() const = 0;
    virtual SteadyTime steady() const = 0;
};

class SystemClock final : public Clock {
public:
    WallTime now() const override { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
    SteadyTime steady() const override { return std::chrono::floor<Duration>(std::chrono::steady_clock::now()); }
};

}  // namespace qd::base
