// One run of a probe. Source:
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/.
#pragma once

#include "cluster/api/types/core_v1.h"
#include "vmnodes/agent/cri/runtime.h"

namespace qd::agent::probes {

enum class Outcome { Success, Warning, Failure, Error };

struct ProbeAnswer {
    Outcome outcome = Outcome::Success;
    std::string output;  // what the event says
};

struct ProbeTarget {
    std::string containerId;
    std::string podIp;
};

// Blocks at most about as long as the limit. Error: the probe itself could not be made (an exec that the runtime
// refused).
ProbeAnswer runProbe(cri::Runtime& runtime, const corev1::Probe& probe, const corev1::Container& container,
                     const ProbeTarget& target, std::chrono::seconds limit);

}  // namespace qd::agent::probes
