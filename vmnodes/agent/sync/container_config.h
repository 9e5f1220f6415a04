// What the runtime is told to make: the sandbox of a Pod and its containers. Pure, apart from what the caller passes
// in.
#pragma once

#include <optional>

#include "vmnodes/agent/cri/types.h"
#include "vmnodes/agent/sync/environment.h"
#include "vmnodes/agent/sync/pod_dns.h"
#include "vmnodes/agent/sync/pod_facts.h"

namespace qd::agent::sync {

struct SandboxSettings {
    DnsSettings dns;
    std::string logRoot = "/var/log/pods";
};

cri::SandboxConfig sandboxConfig(const corev1::Pod& pod, std::uint32_t attempt, const SandboxSettings& settings);

struct ContainerInput {
    const corev1::Pod& pod;
    const corev1::Container& container;
    int restartCount = 0;
    std::string imageRef;                   // what to run
    std::optional<std::int64_t> imageUser;  // of the image, when it is a number
    std::string imageUserName;              // of the image, when it is a name
    Environment environment;
    std::vector<cri::Mount> mounts;   // volumes, hosts file, termination message
    std::int64_t memoryCapacity = 0;  // of the node, in bytes
    std::string targetContainerId;    // of an ephemeral container that joins another's processes
};

// Fails when the image's user contradicts runAsNonRoot.
Result<cri::ContainerConfig> containerConfig(const ContainerInput& input);

}  // namespace qd::agent::sync
