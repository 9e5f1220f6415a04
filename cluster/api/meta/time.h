// metav1.Time, MicroTime and Duration: how Kubernetes writes points and lengths of time.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::api {

// A point of time in whole seconds. The default is Go's zero time, which is written `null` and counts as absent.
class Time {
public:
    Time() = default;
    // Drops what is finer than a second, as Kubernetes does when it writes the time.
    Time(base::WallTime time);
    static Time fromUnix(std::int64_t seconds);

    bool isZero() const { return m_seconds == kZero; }
    std::int64_t unixSeconds() const { return m_seconds; }
    base::WallTime wall() const { return base::WallTime(std::chrono::seconds(m_seconds)); }

    // 2006-01-02T15:04:05Z (RFC 3339, UTC).
    std::string toString() const;
    // Any RFC 3339 time; a fraction of a second is dropped.
    static Result<Time> parse(std::string_view text);

    auto operator<=>(const Time&) const = default;

private:
    static constexpr std::int64_t kZero = -62'135'596'800;  // 0001-01-01T00:00:00Z
    std::int64_t m_seconds = kZero;
};

// A point of time in microseconds, for Leases and Events.
class MicroTime {
public:
    MicroTime() = default;
    MicroTime(base::WallTime time) : m_microseconds(time.time_since_epoch().count()) {}
    static MicroTime fromUnix(std::int64_t seconds, std::int32_t nanoseconds);

    bool isZero() const { return m_microseconds == kZero; }
    std::int64_t unixMicroseconds() const { return m_microseconds; }
    base::WallTime wall() const { return base::WallTime(base::Duration(m_microseconds)); }

    // 2006-01-02T15:04:05.000000Z.
    std::string toString() const;
    static Result<MicroTime> parse(std::string_view text);

    auto operator<=>(const MicroTime&) const = default;

private:
    static constexpr std::int64_t kZero = -62'135'596'800'000'000;
    std::int64_t m_microseconds = kZero;
};

// Go's time.Duration, written "1h2m3.5s".
struct Duration {
    std::int64_t nanoseconds = 0;

    std::string toString() const;
    static Result<Duration> parse(std::string_view text);

    auto operator<=>(const Duration&) const = default;
};

}  // namespace qd::api
