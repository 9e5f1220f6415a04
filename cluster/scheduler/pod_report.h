// What a Pod's status says when it could not be placed.
#pragma once

#include <optional>
#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::scheduler {

struct PodReport {
    std::string reason;  // "Unschedulable" or "SchedulerError"
    std::string message;
    std::optional<std::string> nominatedNode;  // empty clears it
    std::int64_t generation = 0;               // of the Pod that was looked at
};

// The strategic merge patch that brings the Pod's status to this, if the Pod is still as it is here; nullopt when it says so already.
std::optional<std::string> reportPatch(const corev1::Pod& pod, const PodReport& report, base::WallTime now);

// The patch that says for which node the Pod is meant, and nothing else.
std::string nominationPatch(const corev1::Pod& pod, const std::string& node);

}  // namespace qd::scheduler
