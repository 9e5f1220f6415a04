// Makes the default roles and bindings at each start, and completes those that are there.
#pragma once

#include "cluster/apiserver/api_server.h"

namespace qd::control_plane {

// After the system namespaces are there. One batch: everything is submitted, then waited for together.
Result<void> ensureDefaultPolicy(apiserver::ApiServer& server);

}  // namespace qd::control_plane
