// The node pool's progress as steps of a cluster.
#pragma once

#include "app/cluster/step.h"
#include "vmnodes/host/node_pool.h"

namespace qd::cluster {

// Announces what a machine in that state will go through before it runs; nothing for one that runs already.
void announceStart(Steps& steps, const std::string& node, host::DomainState state);

// `steps` must outlive what it returns.
host::ProgressHandler poolSteps(Steps& steps);

}  // namespace qd::cluster
