// The kinds that say how nodes run Pods.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind runtimeClassKind();

}  // namespace qd::api
