// The status that the agent reports of a Pod, computed from what the runtime has: phase, conditions, container
// statuses. Pure. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ and kubelet's
// generateAPIPodStatus.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "vmnodes/agent/sync/pod_plan.h"

namespace qd::agent::sync {

// Why a container could not be started the last time, e.g. {"ImagePullBackOff", "Back-off pulling image ..."}.
struct StartFailure {
    std::string reason;
    std::string message;

    bool operator==(const StartFailure&) const = default;
};
using StartFailures = std::map<std::string, StartFailure, std::less<>>;  // by container name

struct StatusInput {
    const corev1::Pod& pod;
    const Observed& observed;
    const corev1::PodStatus& old;  // what was reported last
    const ProbeTable& probes;
    const StartFailures& failures;
    std::vector<std::string> hostIps;  // the node's
    bool finished = false;             // nothing will be started any more: deleted, evicted or past its deadline
    base::WallTime now{};
};

corev1::PodStatus podStatus(const StatusInput& input);

}  // namespace qd::agent::sync
