// CRI v1 over gRPC on a Unix socket. Connects lazily and again by itself; a call made while the runtime is away waits
// until its deadline passes.
#pragma once

#include <memory>

#include "vmnodes/agent/cri/runtime.h"

namespace qd::agent::cri {

struct ClientSettings {
    std::string socket = "/run/containerd/containerd.sock";
    // An emulated guest needs up to 10 s for a sandbox: see the defaults as "several times that".
    std::chrono::seconds callTimeout{120};
    // Making sandboxes and containers; a sandbox may wait for the network plugin.
    std::chrono::seconds slowCallTimeout{240};
    // A pull that makes no progress is ended by the runtime itself.
    std::chrono::seconds pullTimeout{1800};
};

class Client final : public Runtime, public ImageService {
public:
    explicit Client(ClientSettings settings);
    ~Client() override;

    Result<VersionInfo> version() override;
    Result<std::vector<RuntimeCondition>> status() override;
    Result<std::string> runPodSandbox(const SandboxConfig& config) override;
    Result<void> stopPodSandbox(const std::string& id) override;
    Result<void> removePodSandbox(const std::string& id) override;
    Result<SandboxStatus> podSandboxStatus(const std::string& id) override;
    Result<std::vector<Sandbox>> listPodSandboxes(const SandboxFilter& filter) override;
    Result<std::string> createContainer(const std::string& sandboxId, const ContainerConfig& config,
                                        const SandboxConfig& sandboxConfig) override;
    Result<void> startContainer(const std::string& id) override;
    Result<void> stopContainer(const std::string& id, std::chrono::seconds grace) override;
    Result<void> removeContainer(const std::string& id) override;
    Result<std::vector<Container>> listContainers(const ContainerFilter& filter) override;
    Result<ContainerStatus> containerStatus(const std::string& id) override;
    Result<void> updateContainerResources(const std::string& id, const Resources& resources) override;
    Result<void> reopenContainerLog(const std::string& id) override;
    Result<ExecResult> execSync(const std::string& id, const std::vector<std::string>& command,
                                std::chrono::seconds limit) override;
    Result<std::string> exec(const ExecRequest& request) override;
    Result<std::string> attach(const ExecRequest& request) override;
    Result<std::string> portForward(const std::string& sandboxId, const std::vector<int>& ports) override;
    Result<std::vector<ContainerStats>> listContainerStats() override;
    Result<void> watchContainerEvents(const std::function<void(const ContainerEvent&)>& deliver,
                                      std::stop_token stop) override;

    Result<std::vector<Image>> listImages() override;
    Result<std::optional<Image>> imageStatus(const std::string& image) override;
    Result<std::string> pullImage(const std::string& image, const std::optional<AuthConfig>& auth,
                                  const SandboxConfig& sandboxConfig) override;
    Result<void> removeImage(const std::string& image) override;
    Result<std::vector<FilesystemUsage>> imageFsInfo() override;

private:
    struct Stubs;
    ClientSettings m_settings;
    std::unique_ptr<Stubs> m_stubs;
};

}  // namespace qd::agent::cri
