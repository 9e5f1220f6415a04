// When a CronJob is due: five fields, or one of @yearly, @monthly, @weekly, @daily, @hourly and "@every 90m", each with
// "TZ=Europe/Berlin " before it if wanted.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax; errors are worded as
// upstream's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::api {

class CronSchedule {
public:
    // Without a zone: UTC.
    static Result<CronSchedule> parse(std::string_view text);

    // The first time after this one; nothing when there is none within five years (the 31st of February).
    // An hour that a zone skips is skipped here too, one that it repeats comes twice.
    std::optional<base::WallTime> next(base::WallTime after) const;

private:
    struct Zone;
    bool matchesDay(int day, int weekday) const;

    // A bit for each value that matches; kStar: the field was a star.
    std::uint64_t m_minutes = 0, m_hours = 0, m_days = 0, m_months = 0, m_weekdays = 0;
    std::optional<base::Duration> m_every;
    std::shared_ptr<const Zone> m_zone;
};

// Whether the system knows the zone; "" is UTC. The error is worded as Go's.
Result<void> checkTimeZone(const std::string& name);
// RFC 3339 in that zone; in UTC when it is not known.
std::string timeInZone(base::WallTime time, const std::string& zone);
// "Mon, 02 Jan 2006 15:04:05 +0000".
std::string rfc1123(base::WallTime time);

}  // namespace qd::api
