#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind horizontalPodAutoscalerKind();
// The same objects as autoscaling/v1 shows them; storedAs is set by kinds.cpp.
Kind horizontalPodAutoscalerV1Kind();

}  // namespace qd::api
