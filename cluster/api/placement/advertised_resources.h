// Resources of a node that somebody else than the node has written into its capacity, e.g. example.com/dongle.
// Source: https://kubernetes.io/docs/tasks/administer-cluster/extended-resource-node/.
#pragma once

#include "cluster/api/types/core_v1.h"

namespace qd::api {

// Makes all of every such resource allocatable, and what is no longer in the capacity not. For whoever reports a node's
// status: `status` holds what was there before, with the node's own amounts set. True when something has changed.
bool offerAdvertised(corev1::NodeStatus& status);

}  // namespace qd::api
