#pragma once

#include <vector>

#include "cluster/api/kinds/kind.h"

namespace qd::api {

std::vector<Kind> plainKinds();

}  // namespace qd::api
