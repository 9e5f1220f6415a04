// States of the workloads. `pods` are those that belong to the object itself. Pure.
#pragma once

#include <vector>

#include "app/models/object_state.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/batch_v1.h"
#include "cluster/api/types/core_v1.h"

namespace qd::models {

using Pods = std::vector<const corev1::Pod*>;

ObjectState stateOf(const appsv1::StatefulSet& set, const Pods& pods, base::WallTime now);
ObjectState stateOf(const appsv1::DaemonSet& set, const Pods& pods, base::WallTime now);
ObjectState stateOf(const appsv1::ReplicaSet& set, const Pods& pods, base::WallTime now);
ObjectState stateOf(const corev1::ReplicationController& controller, const Pods& pods, base::WallTime now);
ObjectState stateOf(const batchv1::Job& job, const Pods& pods, base::WallTime now);
ObjectState stateOf(const batchv1::CronJob& job, base::WallTime now);

}  // namespace qd::models
