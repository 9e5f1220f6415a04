// When an Event happened last. Pure.
#pragma once

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::models {

// The last of the times that its writer gave: of the series, of the older fields, of the first occurrence.
base::WallTime lastSeen(const corev1::Event& event);
int timesSeen(const corev1::Event& event);

}  // namespace qd::models
