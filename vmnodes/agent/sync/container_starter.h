// Brings one container of a Pod to run: image, environment, mounts, create, start, postStart hook.
#pragma once

#include "vmnodes/agent/sync/pod_context.h"

namespace qd::agent::sync {

struct StartRequest {
    const corev1::Pod& pod;
    const corev1::Container& container;
    ContainerKind kind = ContainerKind::Regular;
    std::string targetContainer;  // of an ephemeral container: whose processes it sees
    const Observed& observed;
    const std::string& sandboxId;
    const cri::SandboxConfig& sandbox;
    const volumes::SetUp& volumes;
};

struct StartProblem {
    StartFailure failure;
    std::string containerId;  // of a container that runs although its postStart hook failed: to be killed
};

// Blocks for as long as all that takes. Events are recorded here.
std::expected<void, StartProblem> startContainer(PodContext& context, const StartRequest& request);

}  // namespace qd::agent::sync
