// What the Pods of a workload suffer from, when they cannot run. Pure.
#pragma once

#include <vector>

#include "app/models/pod_summary.h"

namespace qd::models {

// What most of the Pods that cannot run suffer from.
struct Complaint {
    PodSummary pod;
    int count = 0;
    int of = 0;  // Pods that are to stay
};

Complaint worstOf(const std::vector<const corev1::Pod*>& pods, base::WallTime now);

}  // namespace qd::models
