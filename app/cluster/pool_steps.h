// The node pool's progress as steps of a cluster.
#pragma once

#include "app/cluster/step.h"
#include "vmnodes/host/node_pool.h"

namespace qd::cluster {

// `steps` must outlive what it returns.
host::ProgressHandler poolSteps(Steps& steps);

}  // namespace qd::cluster
