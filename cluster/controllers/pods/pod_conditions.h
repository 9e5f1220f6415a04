// Conditions that controllers set on Pods which they make go.
#pragma once

#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::controllers {

// Sets the condition DisruptionTarget to True. Returns whether that changed anything.
bool setDisruptionTarget(corev1::Pod& pod, const std::string& reason, const std::string& message, base::WallTime now);

}  // namespace qd::controllers
