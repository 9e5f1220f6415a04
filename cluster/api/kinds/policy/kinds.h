// The kinds of policy that a cluster enforces.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind podDisruptionBudgetKind();

}  // namespace qd::api
