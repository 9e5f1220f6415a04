// A Job out of turn from a CronJob, as `kubectl create job --from=cronjob/...` makes it. Pure.
#pragma once

#include <optional>
#include <string>

#include "app/bridge/cluster_session.h"
#include "cluster/base/time.h"

namespace qd::actions {

// "backup-manual-k3x9f1": short enough for the suffix of its Pods' names.
std::string manualJobName(const std::string& cronJob, base::WallTime now);

// The Job of the CronJob's template, which belongs to it; nullopt when the JSON is no CronJob.
std::optional<std::string> manualJob(const std::string& cronJson, const bridge::ObjectKey& cron, const std::string& uid,
                                     const std::string& name);

}  // namespace qd::actions
