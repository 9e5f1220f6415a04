// Table columns of Pods.
#pragma once

#include <vector>

#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/kind.h"

namespace qd::api {

std::vector<Column> podColumns();
std::vector<Cell> podCells(const Object& object, base::WallTime now);

}  // namespace qd::api
