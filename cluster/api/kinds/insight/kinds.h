#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind podPlacementKind();

}  // namespace qd::api
