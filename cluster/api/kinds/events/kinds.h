// Events under both of their names: v1 and events.k8s.io/v1. The objects are the same; v1 is how they are stored.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind coreEventKind();
// storedAs is set by kinds.cpp, which knows where the other stands.
Kind newEventKind();

}  // namespace qd::api
