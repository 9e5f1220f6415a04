#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind horizontalPodAutoscalerKind();

}  // namespace qd::api
