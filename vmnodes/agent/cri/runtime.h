// The container runtime as the agent sees it: the calls of CRI v1 that it uses. Client (client.h) speaks to containerd;
// tests have a runtime in memory.
//
// Every call is synchronous and thread-safe. Errors keep the words of kubelet's logs and events,
// "rpc error: code = NotFound desc = ...", with the reason NotFound, AlreadyExists, Timeout or ServiceUnavailable where
// the code says so.
#pragma once

#include <functional>
#include <stop_token>

#include "cluster/base/result.h"
#include "vmnodes/agent/cri/types.h"

namespace qd::agent::cri {

class Runtime {
public:
    virtual ~Runtime() = default;

    virtual Result<VersionInfo> version() = 0;
    virtual Result<std::vector<RuntimeCondition>> status() = 0;

    // Creates and starts a sandbox: its network is up when this returns. Answers the sandbox's id.
    virtual Result<std::string> runPodSandbox(const SandboxConfig& config) = 0;
    // Stops every container of it by force and takes its network away. Idempotent.
    virtual Result<void> stopPodSandbox(const std::string& id) = 0;
    virtual Result<void> removePodSandbox(const std::string& id) = 0;
    virtual Result<SandboxStatus> podSandboxStatus(const std::string& id) = 0;
    virtual Result<std::vector<Sandbox>> listPodSandboxes(const SandboxFilter& filter) = 0;

    virtual Result<std::string> createContainer(const std::string& sandboxId, const ContainerConfig& config,
                                                const SandboxConfig& sandboxConfig) = 0;
    virtual Result<void> startContainer(const std::string& id) = 0;
    // Sends the stop signal, and SIGKILL once the grace period is over; returns when the container has ended.
    virtual Result<void> stopContainer(const std::string& id, std::chrono::seconds grace) = 0;
    virtual Result<void> removeContainer(const std::string& id) = 0;
    virtual Result<std::vector<Container>> listContainers(const ContainerFilter& filter) = 0;
    virtual Result<ContainerStatus> containerStatus(const std::string& id) = 0;
    virtual Result<void> updateContainerResources(const std::string& id, const Resources& resources) = 0;
    virtual Result<void> reopenContainerLog(const std::string& id) = 0;

    // Runs a command in the container and waits for it. A command that outlives the time limit is killed and reported
    // as Reason::Timeout; a command that ends with a code other than 0 is no error.
    virtual Result<ExecResult> execSync(const std::string& id, const std::vector<std::string>& command,
                                        std::chrono::seconds limit) = 0;
    // Each answers the URL of the runtime's streaming server where the session may be had.
    virtual Result<std::string> exec(const ExecRequest& request) = 0;
    virtual Result<std::string> attach(const ExecRequest& request) = 0;  // the command is ignored
    virtual Result<std::string> portForward(const std::string& sandboxId, const std::vector<int>& ports) = 0;

    virtual Result<std::vector<ContainerStats>> listContainerStats() = 0;

    // Hands every container event to `deliver` until asked to stop (then it succeeds) or until the stream breaks.
    // Blocks.
    virtual Result<void> watchContainerEvents(const std::function<void(const ContainerEvent&)>& deliver,
                                              std::stop_token stop) = 0;
};

class ImageService {
public:
    virtual ~ImageService() = default;

    virtual Result<std::vector<Image>> listImages() = 0;
    // Nothing when the image is not present.
    virtual Result<std::optional<Image>> imageStatus(const std::string& image) = 0;
    // Answers the reference to run the image by. `userSpecified` is what the Pod says.
    virtual Result<std::string> pullImage(const std::string& image, const std::optional<AuthConfig>& auth,
                                          const SandboxConfig& sandboxConfig) = 0;
    virtual Result<void> removeImage(const std::string& image) = 0;
    virtual Result<std::vector<FilesystemUsage>> imageFsInfo() = 0;
};

}  // namespace qd::agent::cri
