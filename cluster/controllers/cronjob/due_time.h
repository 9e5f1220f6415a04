// When a CronJob's next Job is due. Pure.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#cron-job-limitations.
#pragma once

#include <optional>

#include "cluster/api/meta/cron_schedule.h"
#include "cluster/api/types/batch_v1.h"

namespace qd::controllers {

struct DueTime {
    std::optional<base::WallTime> at;  // the last time that a Job was due and was not made; nothing when there is none
    bool missedMany = false;           // more than a hundred times
};
// An error when the schedule makes no sense.
Result<DueTime> dueTime(const batchv1::CronJob& job, const api::CronSchedule& schedule, base::WallTime now);

// How long until the CronJob is to be looked at again; nothing when its schedule never comes.
std::optional<base::Duration> untilNext(const batchv1::CronJob& job, const api::CronSchedule& schedule,
                                        base::WallTime now);

}  // namespace qd::controllers
