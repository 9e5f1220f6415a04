#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind nodeMetricsKind();
Kind podMetricsKind();

}  // namespace qd::api
