// What a ReplicaSet's status should say.
#pragma once

#include <string>

#include "cluster/api/types/apps_v1.h"
#include "cluster/controllers/replicaset/replica_plan.h"

namespace qd::controllers {

// What one sync found out.
struct ReplicaObservation {
    Pods active;
    int terminating = 0;
    // Why creating or deleting Pods failed; empty when it did not.
    std::string failure;
    base::WallTime now;
};

// Also says how the status of the ReplicaSet must not be older than its generation: observedGeneration is set.
appsv1::ReplicaSetStatus replicaSetStatus(const appsv1::ReplicaSet& of, const ReplicaObservation& observed);

// When a Pod of these becomes available by the passing of time alone; nothing when none does.
std::optional<base::Duration> nextAvailability(const appsv1::ReplicaSet& of, const ReplicaObservation& observed);

}  // namespace qd::controllers
