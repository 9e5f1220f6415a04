// A container runtime in memory: containers run until a test ends them, images are there when a test put them there.
// Thread-safe. Time is the given clock's.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "cluster/base/time.h"
#include "vmnodes/agent/cri/runtime.h"

namespace qd::agent {

class FakeRuntime final : public cri::Runtime, public cri::ImageService {
public:
    explicit FakeRuntime(const base::Clock& clock) : m_clock(clock) {}

    // --- what tests do ---
    void addImage(const std::string& name) {
        const std::lock_guard lock(m_mutex);
        m_images.insert(name);
    }
    // The newest container of that name ends by itself.
    void endContainer(const std::string& name, int exitCode) {
        const std::lock_guard lock(m_mutex);
        if (Container* container = newest(name)) finish(*container, exitCode);
    }
    void loseSandboxes() {
        const std::lock_guard lock(m_mutex);
        for (auto& [id, sandbox] : m_sandboxes) sandbox.status.ready = false;
        for (auto& [id, container] : m_containers) finish(container, 255);
    }
    // Containers of that name do not end at SIGTERM, only when the grace period is over.
    void ignoreTerm(const std::string& name) {
        const std::lock_guard lock(m_mutex);
        m_stubborn.insert(name);
    }
    void failPulls(const std::string& error) {
        const std::lock_guard lock(m_mutex);
        m_pullError = error;
    }
    int running() {
        const std::lock_guard lock(m_mutex);
        int count = 0;
        for (const auto& [id, container] : m_containers)
            count += container.status.state == cri::ContainerState::Running ? 1 : 0;
        return count;
    }
    std::size_t containerCount() {
        const std::lock_guard lock(m_mutex);
        return m_containers.size();
    }
    // "run web", "stop web 30", "exec web", in order.
    std::vector<std::string> calls() {
        const std::lock_guard lock(m_mutex);
        return m_calls;
    }
    cri::ContainerConfig configOf(const std::string& name) {
        const std::lock_guard lock(m_mutex);
        const Container* container = newest(name);
        return container != nullptr ? container->config : cri::ContainerConfig{};
    }

    // --- the runtime ---
    Result<cri::VersionInfo> version() override { return cri::VersionInfo{"fake", "1", "v1"}; }
    Result<std::vector<cri::RuntimeCondition>> status() override {
        return std::vector<cri::RuntimeCondition>{{"RuntimeReady", true, "", ""}, {"NetworkReady", true, "", ""}};
    }
    Result<std::string> runPodSandbox(const cri::SandboxConfig& config) override {
        const std::lock_guard lock(m_mutex);
        const std::string id = "s" + std::to_string(++m_next);
        cri::SandboxStatus status;
        status.id = id;
        status.metadata = config.metadata;
        status.ready = true;
        status.createdAt = tick();
        status.namespaces = config.security.namespaces;
        if (status.namespaces.network == cri::NamespaceMode::Pod) status.ips = {"10.244.1." + std::to_string(m_next)};
        status.labels = config.labels;
        m_sandboxes[id] = {status};
        m_calls.push_back("sandbox " + config.metadata.name);
        return id;
    }
    Result<void> stopPodSandbox(const std::string& id) override {
        const std::lock_guard lock(m_mutex);
        const auto found = m_sandboxes.find(id);
        if (found == m_sandboxes.end()) return fail(Reason::NotFound, "no sandbox");
        found->second.status.ready = false;
        for (auto& [cid, container] : m_containers)
            if (container.sandbox == id) finish(container, 137);
        return {};
    }
    Result<void> removePodSandbox(const std::string& id) override {
        const std::lock_guard lock(m_mutex);
        m_sandboxes.erase(id);
        std::erase_if(m_containers, [&](const auto& entry) { return entry.second.sandbox == id; });
        return {};
    }
    Result<cri::SandboxStatus> podSandboxStatus(const std::string& id) override {
        const std::lock_guard lock(m_mutex);
        const auto found = m_sandboxes.find(id);
        if (found == m_sandboxes.end()) return fail(Reason::NotFound, "no sandbox");
        return found->second.status;
    }
    Result<std::vector<cri::Sandbox>> listPodSandboxes(const cri::SandboxFilter& filter) override {
        const std::lock_guard lock(m_mutex);
        std::vector<cri::Sandbox> list;
        for (const auto& [id, sandbox] : m_sandboxes)
            if (matches(sandbox.status.labels, filter.labels))
                list.push_back({id,
                                sandbox.status.metadata,
                                sandbox.status.ready,
                                sandbox.status.createdAt,
                                sandbox.status.labels,
                                {}});
        return list;
    }
    Result<std::string> createContainer(const std::string& sandbox, const cri::ContainerConfig& config,
                                        const cri::SandboxConfig& sandboxConfig) override {
        const std::lock_guard lock(m_mutex);
        const std::string id = "c" + std::to_string(++m_next);
        Container container{sandbox, config, {}};
        container.status.id = id;
        container.status.metadata = config.metadata;
        container.status.state = cri::ContainerState::Created;
        container.status.createdAt = tick();
        container.status.image = config.userSpecifiedImage;
        container.status.imageRef = config.image;
        container.status.labels = config.labels;
        container.status.annotations = config.annotations;
        container.status.mounts = config.mounts;
        container.status.logPath = sandboxConfig.logDirectory + "/" + config.logPath;
        m_containers[id] = container;
        return id;
    }
    Result<void> startContainer(const std::string& id) override {
        const std::lock_guard lock(m_mutex);
        Container& container = m_containers.at(id);
        container.status.state = cri::ContainerState::Running;
        container.status.startedAt = m_clock.now();
        m_calls.push_back("run " + container.config.metadata.name);
        m_changed.notify_all();
        return {};
    }
    Result<void> stopContainer(const std::string& id, std::chrono::seconds grace) override {
        const std::lock_guard lock(m_mutex);
        const auto found = m_containers.find(id);
        if (found == m_containers.end()) return fail(Reason::NotFound, "no container");
        const std::string& name = found->second.config.metadata.name;
        m_calls.push_back("stop " + name + " " + std::to_string(grace.count()));
        finish(found->second, m_stubborn.contains(name) ? 137 : 143);
        return {};
    }
    Result<void> removeContainer(const std::string& id) override {
        const std::lock_guard lock(m_mutex);
        m_containers.erase(id);
        return {};
    }
    Result<std::vector<cri::Container>> listContainers(const cri::ContainerFilter& filter) override {
        const std::lock_guard lock(m_mutex);
        std::vector<cri::Container> list;
        for (const auto& [id, container] : m_containers)
            if (matches(container.status.labels, filter.labels))
                list.push_back({id,
                                container.sandbox,
                                container.status.metadata,
                                "",
                                "",
                                container.status.state,
                                container.status.createdAt,
                                container.status.labels,
                                {}});
        return list;
    }
    Result<cri::ContainerStatus> containerStatus(const std::string& id) override {
        const std::lock_guard lock(m_mutex);
        const auto found = m_containers.find(id);
        if (found == m_containers.end()) return fail(Reason::NotFound, "no container");
        return found->second.status;
    }
    Result<void> updateContainerResources(const std::string&, const cri::Resources&) override { return {}; }
    Result<void> reopenContainerLog(const std::string&) override { return {}; }
    Result<cri::ExecResult> execSync(const std::string& id, const std::vector<std::string>& command,
                                     std::chrono::seconds) override {
        const std::lock_guard lock(m_mutex);
        m_calls.push_back("exec " + m_containers.at(id).config.metadata.name + " " + command.at(0));
        return cri::ExecResult{"", "", command.at(0) == "false" ? 1 : 0};
    }
    Result<std::string> exec(const cri::ExecRequest&) override { return fail(Reason::MethodNotAllowed, "no"); }
    Result<std::string> attach(const cri::ExecRequest&) override { return fail(Reason::MethodNotAllowed, "no"); }
    Result<std::string> portForward(const std::string&, const std::vector<int>&) override {
        return fail(Reason::MethodNotAllowed, "no");
    }
    Result<std::vector<cri::ContainerStats>> listContainerStats() override {
        return std::vector<cri::ContainerStats>();
    }
    Result<void> watchContainerEvents(const std::function<void(const cri::ContainerEvent&)>&,
                                      std::stop_token) override {
        return fail(Reason::MethodNotAllowed, "no events");
    }
    Result<std::vector<cri::Image>> listImages() override { return std::vector<cri::Image>(); }
    Result<std::optional<cri::Image>> imageStatus(const std::string& image) override {
        const std::lock_guard lock(m_mutex);
        if (!m_images.contains(image)) return std::optional<cri::Image>();
        return std::optional<cri::Image>(
            cri::Image{.id = image, .repoTags = {image}, .repoDigests = {}, .size = 42, .uid = {}, .username = {}});
    }
    Result<std::string> pullImage(const std::string& image, const std::optional<cri::AuthConfig>&,
                                  const cri::SandboxConfig&) override {
        const std::lock_guard lock(m_mutex);
        m_calls.push_back("pull " + image);
        if (!m_pullError.empty()) return fail(Reason::NotFound, m_pullError);
        m_images.insert(image);
        return image;
    }
    Result<void> removeImage(const std::string& image) override {
        const std::lock_guard lock(m_mutex);
        m_images.erase(image);
        return {};
    }
    Result<std::vector<cri::FilesystemUsage>> imageFsInfo() override { return std::vector<cri::FilesystemUsage>(); }

private:
    struct Sandbox {
        cri::SandboxStatus status;
    };
    struct Container {
        std::string sandbox;
        cri::ContainerConfig config;
        cri::ContainerStatus status;
    };
    static bool matches(const cri::StringMap& labels, const cri::StringMap& selector) {
        for (const auto& [key, value] : selector)
            if (const auto found = labels.find(key); found == labels.end() || found->second != value) return false;
        return true;
    }
    // Two things made at one instant still have an order.
    base::WallTime tick() { return m_clock.now() + base::Duration(++m_ticks); }
    Container* newest(const std::string& name) {
        Container* found = nullptr;
        for (auto& [id, container] : m_containers)
            if (container.config.metadata.name == name &&
                (found == nullptr || found->status.createdAt < container.status.createdAt))
                found = &container;
        return found;
    }
    void finish(Container& container, int exitCode) {
        if (container.status.state == cri::ContainerState::Exited) return;
        container.status.state = cri::ContainerState::Exited;
        container.status.exitCode = exitCode;
        container.status.reason = exitCode == 0 ? "Completed" : "Error";
        container.status.finishedAt = m_clock.now();
        m_changed.notify_all();
    }

    const base::Clock& m_clock;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    int m_next = 0;
    int m_ticks = 0;
    std::map<std::string, Sandbox> m_sandboxes;
    std::map<std::string, Container> m_containers;
    std::set<std::string> m_images, m_stubborn;
    std::string m_pullError;
    std::vector<std::string> m_calls;
};

}  // namespace qd::agent
