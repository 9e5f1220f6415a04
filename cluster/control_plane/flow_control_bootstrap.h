// The flow schemas and priority levels that every cluster has. Source:
// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#defaults.
#pragma once

#include "cluster/apiserver/api_server.h"

namespace qd::control_plane {

// Makes those that are missing, and sets the spec of those whose annotation apf.kubernetes.io/autoupdate-spec is not "false".
Result<void> ensureFlowControl(apiserver::ApiServer& server);

}  // namespace qd::control_plane
