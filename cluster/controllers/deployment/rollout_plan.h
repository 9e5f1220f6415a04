// The sizes that a Deployment's ReplicaSets should have next. Pure: no clock, no client.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy, .../#proportional-scaling.
#pragma once

#include <vector>

#include "cluster/api/types/apps_v1.h"
#include "cluster/controllers/deployment/revision.h"

namespace qd::controllers {

// A ReplicaSet that should get another size. A plan's resizes are applied in their order; several may be of one set.
struct Resize {
    client::Ptr<appsv1::ReplicaSet> set;
    std::int32_t from = 0;
    std::int32_t to = 0;

    bool operator==(const Resize&) const = default;
};

// maxSurge and maxUnavailable as numbers of Pods. Percentages of surge are rounded up, of unavailability down; when
// both come to zero one Pod may be unavailable, or nothing could ever move.
//
//     10 desired, 25 % surge, 25 % unavailable -> 3, 2
//      1 desired,  1 % surge,  0 % unavailable -> 1, 0
//      1 desired,  0 % surge,  1 % unavailable -> 0, 1
struct Fenceposts {
    std::int32_t surge = 0;
    std::int32_t unavailable = 0;
    bool operator==(const Fenceposts&) const = default;
};
Fenceposts fenceposts(const appsv1::Deployment& deployment);

std::int32_t desiredReplicas(const appsv1::Deployment& deployment);
std::int32_t sizeOf(const appsv1::ReplicaSet& set);
bool isRollingUpdate(const appsv1::Deployment& deployment);

// The set whose template is the Deployment's (the oldest, should there be several), or null. The label
// pod-template-hash does not count.
client::Ptr<appsv1::ReplicaSet> newestReplicaSet(const appsv1::Deployment& deployment, const ReplicaSets& sets);
bool sameTemplate(const corev1::PodTemplateSpec& a, const corev1::PodTemplateSpec& b);

// The size for the newest set, of size `current` now, beside the others.
std::int32_t newReplicaSetSize(const appsv1::Deployment& deployment, const ReplicaSets& others, std::int32_t current);

// One step of a rolling update: more of the newest set when there is room, else fewer of the old ones.
std::vector<Resize> planRollingUp(const appsv1::Deployment& deployment, const client::Ptr<appsv1::ReplicaSet>& newest, const ReplicaSets& old);
std::vector<Resize> planRollingDown(const appsv1::Deployment& deployment, const client::Ptr<appsv1::ReplicaSet>& newest, const ReplicaSets& old);

// What a change of spec.replicas does, or a paused Deployment: no rollout. Resizes to the same size are in the list of a
// proportional scaling too, since the sets' annotations must follow.
std::vector<Resize> planScale(const appsv1::Deployment& deployment, const client::Ptr<appsv1::ReplicaSet>& newest, const ReplicaSets& old);
// Whether a set that has Pods was told another desired size than the Deployment has now.
bool isScalingEvent(const appsv1::Deployment& deployment, const ReplicaSets& all);

// The sets that revisionHistoryLimit lets go, oldest revision first.
ReplicaSets planCleanup(const appsv1::Deployment& deployment, const ReplicaSets& old);

}  // namespace qd::controllers
