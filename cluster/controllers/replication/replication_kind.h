// ReplicationControllers are reconciled as the ReplicaSets that they are in all but name.
#pragma once

#include "cluster/controllers/replicaset/replicaset_controller.h"

namespace qd::controllers {

ReplicaKind replicationControllerKind();

}  // namespace qd::controllers
