#pragma once

#include <vector>

#include "app/views/rollout_model.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::models {

// The Pods of one ReplicaSet.
struct OwnedPods {
    const appsv1::ReplicaSet* replicaSet;
    std::vector<const corev1::Pod*> pods;
};

// How many Pods a rolling update may take away and add, resolved as the Deployment controller does: maxSurge rounds up,
// maxUnavailable down, and when both come out as zero one Pod may be unavailable.
// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
//
// 10 replicas, 25 % and 25 %: surge 3 (at most 13), unavailable 2 (at least 8).
struct RolloutBudget {
    int minAvailable;
    int maxTotal;
};
RolloutBudget rolloutBudget(const appsv1::Deployment& deployment);

// The picture of a Deployment from what is known of it. Pure: the same objects and time give the same model.
views::RolloutModel buildRollout(const appsv1::Deployment& deployment, const std::vector<OwnedPods>& owned,
                                 base::WallTime now);

// deployment.kubernetes.io/revision; 0 when absent.
std::int64_t revisionOf(const metav1::ObjectMeta& metadata);

}  // namespace qd::models
