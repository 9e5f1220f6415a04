// What a container's image, command and arguments say of its runs, as far as that can be told without running them:
// `sleep 30`, `sh -c "echo done; exit 1"`, an image that is known to serve until it is stopped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vmnodes/hollow/run_plan.h"

namespace qd::hollow {

// One a start, the last one again and again. Nothing when it cannot be told.
std::optional<std::vector<ContainerPlan::Run>> runsOf(const corev1::Pod& pod, const corev1::Container& container);

// What a command comes to that is run in a container beside its own, as a hook does. Nothing when it cannot be told.
std::optional<ContainerPlan::Run> runOf(const corev1::Pod& pod, const corev1::Container& container, const std::vector<std::string>& command);

}  // namespace qd::hollow
