// The kinds that say which requests wait for which.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind flowSchemaKind();
Kind priorityLevelConfigurationKind();

}  // namespace qd::api
