// What Pods use, in the two forms that kubelet offers: /stats/summary (JSON) and /metrics/resource (Prometheus).
#pragma once

#include <string>

#include "vmnodes/agent/cri/runtime.h"
#include "vmnodes/agent/sync/pod_workers.h"

namespace qd::agent::server {

// Blocks for calls of the runtime.
std::string statsSummary(cri::Runtime& runtime, const sync::PodWorkers& workers, base::WallTime now);
std::string resourceMetrics(cri::Runtime& runtime, base::WallTime now);

}  // namespace qd::agent::server
