#include "vmnodes/agent/sync/container_starter.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "vmnodes/agent/sync/lifecycle_hooks.h"

namespace qd::agent::sync {
namespace {

namespace fs = std::filesystem;

// How many times the container was started before, judged by its log files, when the runtime has forgotten it.
int restartCountByLogs(const fs::path& folder) {
    int next = 0;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const std::string name = it->path().filename();
        int number = 0;
        const auto [rest, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (problem == std::errc() && std::string_view(rest).starts_with(".log")) next = std::max(next, number + 1);
    }
    return next;
}

bool mountsAt(const corev1::Container& container, std::string_view path) {
    return std::ranges::any_of(container.volumeMounts,
                               [&](const corev1::VolumeMount& mount) { return mount.mountPath == path; });
}

std::string readText(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Starter {
public:
    Starter(PodContext& context, const StartRequest& request)
        : m_context(context), m_request(request), m_pod(request.pod), m_container(request.container) {}

    std::expected<void, StartProblem> run() {
        const auto image = m_context.images.ensure(m_pod, m_container, m_request.sandbox);
        if (!image) {
            warn("Error: " + image.error().reason);
            return std::unexpected(StartProblem{image.error(), {}});
        }
        auto config = configure(*image);
        if (!config) return failed("CreateContainerConfigError", config.error());
        const auto id = m_context.runtime.createContainer(m_request.sandboxId, *config, m_request.sandbox);
        if (!id) return failed("CreateContainerError", id.error());
        m_context.events.podEvent(m_pod, m_container.name, false, "Created", "Container created");
        if (const auto started = m_context.runtime.startContainer(*id); !started)
            return failed("RunContainerError", started.error());
        m_context.events.podEvent(m_pod, m_container.name, false, "Started", "Container started");
        linkLog(*id, *config);
        return postStart(*id);
    }

private:
    using Outcome = std::expected<void, StartProblem>;

    // The events of an RPC's failure show its description only.
    static std::string description(const Error& error) {
        const std::size_t at = error.message.find(" desc = ");
        return at == std::string::npos ? error.message : error.message.substr(at + 8);
    }
    void warn(const std::string& message) {
        m_context.events.podEvent(m_pod, m_container.name, true, "Failed", message);
    }
    Outcome failed(const char* reason, const Error& error) {
        warn("Error: " + description(error));
        return std::unexpected(StartProblem{{reason, description(error)}, {}});
    }

    Result<cri::ContainerConfig> configure(const EnsuredImage& image) {
        const NodeFacts node = m_context.node();
        const api::downward::DownwardFacts facts{m_pod.spec.hostNetwork ? node.hostIps : m_request.observed.ips, node.hostIps,
                                           node.allocatableMilliCpu, node.allocatableMemory};
        auto environment = containerEnvironment(m_pod, m_container, facts, m_context.cluster);
        if (!environment) return fail(environment.error());
        auto mounts = m_context.volumes.containerMounts(m_pod, m_container, m_request.volumes, *environment);
        if (!mounts) return fail(mounts.error());
        if (auto added = addOwnMounts(*mounts, facts.podIps); !added) return fail(added.error());
        ContainerInput input{.pod = m_pod,
                             .container = m_container,
                             .restartCount = nextRestartCount(),
                             .imageRef = image.ref,
                             .imageUser = image.user,
                             .imageUserName = image.userName,
                             .environment = std::move(*environment),
                             .mounts = std::move(*mounts),
                             .memoryCapacity = node.memoryCapacity,
                             .targetContainerId = {}};
        if (!m_request.targetContainer.empty()) {
            const cri::ContainerStatus* target = m_request.observed.find(m_request.targetContainer);
            if (target == nullptr)
                return fail(Reason::NotFound, "unable to find target container " + m_request.targetContainer);
            input.targetContainerId = target->id;
        }
        std::error_code error;
        fs::create_directories(fs::path(m_request.sandbox.logDirectory) / m_container.name, error);
        if (error)
            return fail(Reason::InternalError, fmt::format("create container log directory for container {} failed: {}",
                                                           m_container.name, error.message()));
        return containerConfig(input);
    }

    int nextRestartCount() const {
        const cri::ContainerStatus* before = m_request.observed.find(m_container.name);
        return before != nullptr ? restartCount(*before) + 1
                                 : restartCountByLogs(fs::path(m_request.sandbox.logDirectory) / m_container.name);
    }

    // /etc/hosts and the file for the termination message.
    Result<void> addOwnMounts(std::vector<cri::Mount>& mounts, const std::vector<std::string>& podIps) {
        const fs::path folder = podFolder(m_context.root, m_pod.metadata.uid);
        std::error_code error;
        fs::create_directories(folder / "containers" / m_container.name, error);
        if (error) return fail(Reason::InternalError, "cannot make " + folder.string() + ": " + error.message());
        if (!mountsAt(m_container, "/etc/hosts")) {
            const fs::path hosts = folder / "etc-hosts";
            std::ofstream(hosts) << hostsFile(m_pod, podIps, m_context.sandbox.dns.clusterDomain,
                                              m_pod.spec.hostNetwork ? readText("/etc/hosts") : std::string());
            ::chmod(hosts.c_str(), 0644);
            mounts.push_back({.containerPath = "/etc/hosts", .hostPath = hosts});
        }
        if (!m_container.terminationMessagePath.empty()) {
            std::string file = (folder / "containers" / m_container.name / "XXXXXX").string();
            const int descriptor = ::mkstemp(file.data());
            if (descriptor < 0)
                return fail(Reason::InternalError,
                            "cannot make a file for the termination message in " + folder.string());
            ::fchmod(descriptor, 0666);
            ::close(descriptor);
            mounts.push_back({.containerPath = m_container.terminationMessagePath, .hostPath = file});
        }
        return {};
    }

    // /var/log/containers/<pod>_<namespace>_<container>-<id>.log, where log collectors look.
    void linkLog(const std::string& id, const cri::ContainerConfig& config) {
        std::error_code error;
        fs::create_directories(m_context.containerLogLinks, error);
        const std::string link = fmt::format("{}/{}_{}_{}-{}.log", m_context.containerLogLinks, m_pod.metadata.name,
                                             m_pod.metadata.namespace_, m_container.name, id);
        fs::create_symlink(fs::path(m_request.sandbox.logDirectory) / config.logPath, link, error);
    }

    Outcome postStart(const std::string& id) {
        if (!m_container.lifecycle || !m_container.lifecycle->postStart) return {};
        const std::string ip =
            m_request.observed.ips.empty() ? std::string("127.0.0.1") : m_request.observed.ips.front();
        const auto ran = runHook(m_context.runtime, id, m_container, *m_container.lifecycle->postStart, ip,
                                 std::chrono::seconds(gracePeriod(m_pod)));
        if (ran) return {};
        m_context.events.podEvent(m_pod, m_container.name, true, "FailedPostStartHook", "PostStartHook failed");
        return std::unexpected(StartProblem{{"PostStartHookError", ran.error().message}, id});
    }

    PodContext& m_context;
    const StartRequest& m_request;
    const corev1::Pod& m_pod;
    const corev1::Container& m_container;
};

}  // namespace

std::expected<void, StartProblem> startContainer(PodContext& context, const StartRequest& request) {
    return Starter(context, request).run();
}

}  // namespace qd::agent::sync
