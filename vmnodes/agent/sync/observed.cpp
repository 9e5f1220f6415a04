#include "vmnodes/agent/sync/observed.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "vmnodes/agent/sync/pod_facts.h"

namespace qd::agent::sync {
namespace {

// Source: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/.
constexpr std::size_t kMessageLimit = 4096;
constexpr std::size_t kFallbackLimit = 2048;

std::string annotation(const cri::ContainerStatus& status, const char* key) {
    const auto found = status.annotations.find(key);
    return found == status.annotations.end() ? std::string() : found->second;
}

std::string tail(const std::string& path, std::size_t limit) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    if (!in) return {};
    const auto size = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
    const std::size_t length = std::min(size, limit);
    std::string text(length, '\0');
    in.seekg(static_cast<std::streamoff>(size - length));
    in.read(text.data(), static_cast<std::streamsize>(length));
    return text;
}

// The last lines of a CRI log without their heads ("<time> <stream> <tag> ").
std::string tailOfLog(const std::string& path) {
    const std::string raw = tail(path, 4 * kFallbackLimit);
    std::string text;
    for (std::size_t at = 0; at < raw.size();) {
        const std::size_t end = std::min(raw.find('\n', at), raw.size());
        std::size_t begin = at;
        for (int spaces = 0; spaces < 3 && begin < end; ++begin) spaces += raw[begin] == ' ' ? 1 : 0;
        if (begin < end || begin == end) text += raw.substr(begin, end - begin) + "\n";
        at = end + 1;
    }
    return text.size() > kFallbackLimit ? text.substr(text.size() - kFallbackLimit) : text;
}

// Sets the message that an ended container left: the file at its terminationMessagePath, or the end of its log when the
// policy says so and the container failed without one.
void readMessage(cri::ContainerStatus& status) {
    if (status.state != cri::ContainerState::Exited) return;
    const std::string path = annotation(status, kMessagePathAnnotation);
    std::string message;
    for (const cri::Mount& mount : status.mounts)
        if (!path.empty() && mount.containerPath == path) message = tail(mount.hostPath, kMessageLimit);
    if (message.empty() && status.exitCode != 0 &&
        annotation(status, kMessagePolicyAnnotation) == corev1::TerminationMessageFallbackToLogsOnError)
        message = tailOfLog(status.logPath);
    if (!message.empty()) status.message = message;
}

}  // namespace

const cri::ContainerStatus* Observed::find(std::string_view container) const {
    const auto found = std::ranges::find_if(
        containers, [&](const cri::ContainerStatus& status) { return containerName(status) == container; });
    return found == containers.end() ? nullptr : &*found;
}

const cri::SandboxStatus* Observed::readySandbox() const {
    return !sandboxes.empty() && sandboxes.front().ready ? &sandboxes.front() : nullptr;
}

bool Observed::anyRunning() const {
    return std::ranges::any_of(
        containers, [](const cri::ContainerStatus& status) { return status.state == cri::ContainerState::Running; });
}

Result<Observed> observe(cri::Runtime& runtime, const std::string& podUid) {
    const cri::StringMap selector = {{kPodUidLabel, podUid}};
    auto sandboxes = runtime.listPodSandboxes({.id = {}, .ready = {}, .labels = selector});
    if (!sandboxes) return fail(sandboxes.error());
    auto containers = runtime.listContainers({.id = {}, .state = {}, .sandboxId = {}, .labels = selector});
    if (!containers) return fail(containers.error());
    Observed observed;
    std::ranges::sort(*sandboxes, std::greater(), &cri::Sandbox::createdAt);
    for (const cri::Sandbox& sandbox : *sandboxes) {
        auto status = runtime.podSandboxStatus(sandbox.id);
        if (!status && status.error().reason == Reason::NotFound) continue;  // removed meanwhile
        if (!status) return fail(status.error());
        observed.sandboxes.push_back(std::move(*status));
    }
    for (const cri::Container& container : *containers) {
        auto status = runtime.containerStatus(container.id);
        if (!status && status.error().reason == Reason::NotFound) continue;
        if (!status) return fail(status.error());
        readMessage(*status);
        observed.containers.push_back(std::move(*status));
    }
    std::ranges::stable_sort(observed.containers, std::greater(), &cri::ContainerStatus::createdAt);
    if (!observed.sandboxes.empty())
        observed.hostNetwork = observed.sandboxes.front().namespaces.network == cri::NamespaceMode::Node;
    if (const cri::SandboxStatus* ready = observed.readySandbox()) observed.ips = ready->ips;
    return observed;
}

std::string containerName(const cri::ContainerStatus& status) {
    const auto label = status.labels.find(kContainerNameLabel);
    return label == status.labels.end() ? status.metadata.name : label->second;
}

int restartCount(const cri::ContainerStatus& status) {
    const std::string text = annotation(status, kRestartCountAnnotation);
    int count = static_cast<int>(status.metadata.attempt);
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
}

std::string containerId(const std::string& id) {
    return id.empty() ? id : "containerd://" + id;
}

}  // namespace qd::agent::sync
