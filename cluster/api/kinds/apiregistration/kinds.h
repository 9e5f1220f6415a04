// The kind by which other servers' groups are found.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind apiServiceKind();

}  // namespace qd::api
