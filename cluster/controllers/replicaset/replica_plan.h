// How a ReplicaSet gets from the Pods it has to the number it wants: how many to create, which to delete.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset.
#pragma once

#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"
#include "cluster/client/typed.h"

namespace qd::controllers {

using Pods = std::vector<client::Ptr<corev1::Pod>>;

// At most this many Pods are created or deleted in one sync.
inline constexpr int kBurstReplicas = 500;

struct ReplicaPlan {
    int create = 0;
    Pods remove;
};

// active: the Pods that count as replicas. related: all Pods of ReplicaSets with the same controller (this one's too);
// Pods that share a node with many ready ones of them go first.
ReplicaPlan planReplicas(int desired, const Pods& active, const Pods& related, base::WallTime now);

// The Pods in the order in which they should be deleted.
Pods inDeletionOrder(const Pods& pods, const Pods& related, base::WallTime now);

}  // namespace qd::controllers
