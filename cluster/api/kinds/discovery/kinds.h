#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind endpointSliceKind();

}  // namespace qd::api
