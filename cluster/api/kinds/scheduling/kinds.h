// The kinds that the scheduler reads.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind priorityClassKind();

}  // namespace qd::api
