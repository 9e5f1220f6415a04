#include "vmnodes/hollow/pod_status.h"

#include <algorithm>

#include "cluster/api/meta/time.h"

namespace qd::hollow {
namespace {

struct Verdict {
    bool holds = false;
    std::string reason = {};
    std::string message = {};
};

void setCondition(corev1::PodStatus& status, const corev1::Pod& pod, const std::string& type, const Verdict& verdict,
                  base::WallTime now) {
    auto found = std::find_if(status.conditions.begin(), status.conditions.end(),
                              [&](const auto& each) { return each.type == type; });
    if (found == status.conditions.end()) {
        found = status.conditions.emplace(status.conditions.end());
        found->type = type;
    }
    const std::string word = verdict.holds ? "True" : "False";
    if (found->status != word) found->lastTransitionTime = api::Time(now);
    found->status = word;
    found->reason = verdict.reason;
    found->message = verdict.message;
    found->observedGeneration = pod.metadata.generation;
}

std::string idOf(const corev1::Pod& pod, const corev1::Container& container, int start) {
    return "hollow://" + pod.metadata.uid + "/" + container.name + "/" + std::to_string(start);
}

corev1::ContainerStateTerminated terminated(const ContainerRun::Ending& ending, const std::string& id) {
    corev1::ContainerStateTerminated state;
    state.exitCode = ending.exitCode;
    state.reason = ending.exitCode == 0 ? "Completed" : "Error";
    if (!ending.reason.empty()) {
        state.reason = ending.reason;
        state.message = ending.message;
        return state;  // it never ran
    }
    state.startedAt = api::Time(ending.started.wall);
    state.finishedAt = api::Time(ending.finished.wall);
    state.containerID = id;
    return state;
}

// What is said of a Pod's containers beyond their runs.
struct Whole {
    const corev1::Pod& pod;
    const Timing& timing;
};

corev1::ContainerStateWaiting backingOff(const Whole& whole, const corev1::Container& container,
                                         const ContainerRun& run) {
    const auto& meta = whole.pod.metadata;
    const api::Duration pause{std::chrono::duration_cast<std::chrono::nanoseconds>(run.backoff(whole.timing)).count()};
    corev1::ContainerStateWaiting waiting;
    waiting.reason = "CrashLoopBackOff";
    waiting.message = "back-off " + pause.toString() + " restarting failed container=" + container.name +
                      " pod=" + meta.name + "_" + meta.namespace_ + "(" + meta.uid + ")";
    return waiting;
}

corev1::ContainerStatus containerStatus(const Whole& whole, const corev1::Container& container,
                                        const ContainerRun& run) {
    corev1::ContainerStatus status;
    status.name = container.name;
    status.image = container.image;
    status.started = run.step == ContainerRun::Step::Running && run.startedUp;
    if (run.step == ContainerRun::Step::Waiting) {
        auto& waiting = status.state.waiting.emplace();
        waiting.reason = whole.pod.spec.initContainers.empty() ? "ContainerCreating" : "PodInitializing";
        if (run.imageMissing) {
            waiting.reason = "ImagePullBackOff";
            waiting.message = "Back-off pulling image \"" + container.image + "\": ErrImagePull: the image's name says that it is not there";
        }
        return status;
    }
    status.imageID = "hollow://" + container.image;
    status.restartCount = run.start;
    status.containerID = idOf(whole.pod, container, run.start);
    status.ready = run.ready;
    status.allocatedResources = container.resources.requests;
    if (!container.resources.requests.empty() || !container.resources.limits.empty()) {
        auto& resources = status.resources.emplace();
        resources.requests = container.resources.requests;
        resources.limits = container.resources.limits;
    }
    std::optional<corev1::ContainerStateTerminated> last;
    if (run.ending) last = terminated(*run.ending, idOf(whole.pod, container, run.ending->start));
    switch (run.step) {
        case ContainerRun::Step::Running:
            status.state.running.emplace().startedAt = api::Time(run.started.wall);
            if (last) status.lastState.terminated = *last;
            break;
        case ContainerRun::Step::BackingOff:
            status.state.waiting = backingOff(whole, container, run);
            status.lastState.terminated = *last;
            break;
        default:
            status.state.terminated = *last;
            if (!run.ending->reason.empty()) status.containerID.clear();
            break;
    }
    return status;
}

// An init container that has ended well counts as ready.
corev1::ContainerStatus initStatus(const Whole& whole, const corev1::Container& container, const ContainerRun& run) {
    auto status = containerStatus(whole, container, run);
    if (!isSidecar(container)) {
        status.ready = run.succeeded();
        status.started = false;
    }
    return status;
}

std::string phaseOf(const corev1::Pod& pod, const PodRun& run) {
    if (run.step == PodRun::Step::Succeeded) return "Succeeded";
    if (run.step == PodRun::Step::Failed) return "Failed";
    const auto waits = [](const ContainerRun& each) { return each.step == ContainerRun::Step::Waiting; };
    return !initialized(pod, run) || std::any_of(run.containers.begin(), run.containers.end(), waits) ? "Pending"
                                                                                                      : "Running";
}

std::string listed(const std::vector<std::string>& names) {
    std::string text = "[";
    for (const auto& name : names) text += (text.size() > 1 ? " " : "") + name;
    return text + "]";
}

// Containers' readiness, and the Pod's, which also waits for its readiness gates.
void setReadiness(corev1::PodStatus& status, const corev1::Pod& pod, base::WallTime now) {
    Verdict containers{.holds = true};
    std::vector<std::string> unready;
    for (std::size_t i = 0; i < status.initContainerStatuses.size(); ++i) {
        const auto& container = status.initContainerStatuses[i];
        if (isSidecar(pod.spec.initContainers[i]) && !container.ready) unready.push_back(container.name);
    }
    for (const auto& container : status.containerStatuses) {
        if (!container.ready) unready.push_back(container.name);
    }
    if (status.phase == "Succeeded" || status.phase == "Failed") {
        containers = {false, status.phase == "Succeeded" ? "PodCompleted" : "PodFailed", ""};
    } else if (!unready.empty()) {
        containers = {false, "ContainersNotReady", "containers with unready status: " + listed(unready)};
    }
    Verdict whole = containers;
    for (const auto& gate : pod.spec.readinessGates) {
        const bool open = std::any_of(status.conditions.begin(), status.conditions.end(), [&](const auto& each) {
            return each.type == gate.conditionType && each.status == "True";
        });
        if (!open && whole.holds)
            whole = {false, "ReadinessGatesNotReady",
                     "corresponding condition of pod readiness gate \"" + gate.conditionType + "\" does not exist."};
    }
    setCondition(status, pod, "Ready", whole, now);
    setCondition(status, pod, "ContainersReady", containers, now);
}

}  // namespace

corev1::PodStatus statusOf(const corev1::Pod& pod, const PodRun& run, const Timing& timing,
                           const std::string& hostAddress, base::WallTime now) {
    corev1::PodStatus status = pod.status;
    const bool begun = run.step != PodRun::Step::Creating;
    const bool isInitialized = initialized(pod, run);
    status.observedGeneration = pod.metadata.generation;
    status.phase = phaseOf(pod, run);
    status.reason = run.reason;
    status.message = run.message;
    status.startTime = api::Time(run.seen.wall);
    status.hostIP = hostAddress;
    status.hostIPs.resize(1);
    status.hostIPs[0].ip = hostAddress;
    const std::string& address = pod.spec.hostNetwork ? hostAddress : run.address;
    if (begun && !address.empty()) {
        status.podIP = address;
        status.podIPs.resize(1);
        status.podIPs[0].ip = address;
    }
    status.initContainerStatuses.clear();
    status.containerStatuses.clear();
    const Whole whole{pod, timing};
    for (std::size_t i = 0; i < run.init.size(); ++i)
        status.initContainerStatuses.push_back(initStatus(whole, pod.spec.initContainers[i], run.init[i]));
    for (std::size_t i = 0; i < run.containers.size(); ++i)
        status.containerStatuses.push_back(containerStatus(whole, pod.spec.containers[i], run.containers[i]));

    setCondition(status, pod, "PodReadyToStartContainers", {.holds = begun && !run.ended()}, now);
    Verdict ready{.holds = isInitialized};
    if (!isInitialized) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < run.init.size(); ++i) {
            const auto& each = status.initContainerStatuses[i];
            if (isSidecar(pod.spec.initContainers[i]) ? !each.started.value_or(false) : !each.ready)
                names.push_back(each.name);
        }
        ready = {false, "ContainersNotInitialized", "containers with incomplete status: " + listed(names)};
    } else if (status.phase == "Succeeded") {
        ready.reason = "PodCompleted";
    }
    setCondition(status, pod, "Initialized", ready, now);
    setReadiness(status, pod, now);
    setCondition(status, pod, "PodScheduled", {.holds = true}, now);
    return status;
}

}  // namespace qd::hollow
