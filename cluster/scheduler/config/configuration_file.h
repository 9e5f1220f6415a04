// Reads a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1), strictly: unknown fields, values that are out of
// range and plugins that there are not are errors that name their field. What one process has no use for
// (leaderElection, clientConnection, parallelism, profiling) is accepted and has no effect; extenders are refused.
// Source: https://kubernetes.io/docs/reference/scheduling/config/.
#pragma once

#include <filesystem>
#include <string_view>

#include "cluster/scheduler/config/configuration.h"

namespace qd::scheduler {

// `text` is YAML or JSON.
Result<Configuration> parseConfiguration(std::string_view text);
Result<Configuration> loadConfiguration(const std::filesystem::path& file);

}  // namespace qd::scheduler
