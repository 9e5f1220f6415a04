// The kinds of the group apps that have rules of their own, a file each.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind controllerRevisionKind();
Kind daemonSetKind();
Kind deploymentKind();
Kind replicaSetKind();
Kind statefulSetKind();

}  // namespace qd::api
