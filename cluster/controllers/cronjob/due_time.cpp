#include "cluster/controllers/cronjob/due_time.h"

#include <algorithm>

namespace qd::controllers {
namespace {

constexpr base::Duration kMargin = std::chrono::milliseconds(100);  // for clocks that differ
constexpr std::int64_t kMany = 100;

struct Missed {
    base::WallTime since{};  // from when on was counted
    std::optional<base::WallTime> last;
    std::int64_t times = 0;  // about
};

Result<Missed> missedStarts(const batchv1::CronJob& job, const api::CronSchedule& schedule, base::WallTime now,
                            bool withDeadline) {
    Missed missed;
    missed.since =
        job.status.lastScheduleTime ? job.status.lastScheduleTime->wall() : job.metadata.creationTimestamp.wall();
    if (withDeadline && job.spec.startingDeadlineSeconds)
        missed.since = std::max(missed.since, now - std::chrono::seconds(*job.spec.startingDeadlineSeconds));
    const auto first = schedule.next(missed.since);
    if (!first) return fail(Reason::Invalid, "time difference between two schedules is less than 1 second");
    if (now < *first) return missed;
    const auto second = schedule.next(*first);
    if (!second) return fail(Reason::Invalid, "time difference between two schedules is less than 1 second");
    missed.last = first;
    if (now < *second) return missed;
    // Leaps to just before now, as if all intervals were alike, and walks from there.
    const auto interval = *second - *first;
    missed.times = (now - *first) / interval + 1;
    missed.last.reset();
    for (auto time = schedule.next(*first + (missed.times - 2) * interval); time && *time <= now;
         time = schedule.next(*time))
        missed.last = time;
    return missed;
}

}  // namespace

Result<DueTime> dueTime(const batchv1::CronJob& job, const api::CronSchedule& schedule, base::WallTime now) {
    const auto missed = missedStarts(job, schedule, now, true);
    if (!missed) return fail(missed.error());
    return DueTime{.at = missed->last, .missedMany = missed->last && missed->times > kMany};
}

std::optional<base::Duration> untilNext(const batchv1::CronJob& job, const api::CronSchedule& schedule,
                                        base::WallTime now) {
    const auto missed = missedStarts(job, schedule, now, false);
    const base::WallTime from = !missed ? now : missed->last ? *missed->last : missed->times > 0 ? now : missed->since;
    const auto next = schedule.next(from);
    if (!next) return std::nullopt;
    return std::max<base::Duration>(*next + kMargin - now, std::chrono::milliseconds(1));
}

}  // namespace qd::controllers
