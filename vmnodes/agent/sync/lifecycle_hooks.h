// postStart and preStop hooks. Source: https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/.
#pragma once

#include "cluster/api/types/core_v1.h"
#include "vmnodes/agent/cri/runtime.h"

namespace qd::agent::sync {

// Runs an exec or httpGet hook and waits for it, at most `limit`. A sleep hook is the caller's to wait for. The message
// of a failure is the one that the container's status shows.
Result<void> runHook(cri::Runtime& runtime, const std::string& containerId, const corev1::Container& container,
                     const corev1::LifecycleHandler& hook, const std::string& podIp, std::chrono::seconds limit);

// A port by number, or by name out of the container's ports; 0 when there is none.
int resolvePort(const api::IntOrString& port, const corev1::Container& container);

}  // namespace qd::agent::sync
