#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind leaseKind();

}  // namespace qd::api
