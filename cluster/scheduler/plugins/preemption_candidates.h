// What preemption would cost on each node, and where it costs least. Pure.
// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/types/policy_v1.h"
#include "cluster/base/time.h"
#include "cluster/client/typed.h"
#include "cluster/scheduler/framework/node_info.h"

namespace qd::scheduler {

struct PreemptionCandidate {
    const NodeInfo* node = nullptr;
    std::vector<PodInfoPtr> victims;  // the most important first
    int violations = 0;               // of disruption budgets
};

// The higher priority, then the longer at work.
bool isMoreImportant(const PodInfo& a, const PodInfo& b, base::WallTime now);

struct VictimGroups {
    std::vector<PodInfoPtr> violating;  // a disruption budget does not let them go
    std::vector<PodInfoPtr> others;
};
// Keeps the order. Each Pod takes of what its budgets still allow.
VictimGroups groupByBudget(const std::vector<PodInfoPtr>& pods,
                           const std::vector<client::Ptr<policyv1::PodDisruptionBudget>>& budgets);

// The fewest violations of budgets, then the least important first victim, the least sum of priorities, the fewest
// victims, the latest start of the most important ones; then the first. There must be one.
const PreemptionCandidate& cheapest(const std::vector<PreemptionCandidate>& candidates, base::WallTime now);

}  // namespace qd::scheduler
