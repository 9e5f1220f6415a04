#include "vmnodes/hollow/pod_status.h"

#include <algorithm>

namespace qd::hollow {
namespace {

struct Verdict {
    bool holds = false;
    std::string reason = {};
    std::string message = {};
};

void setCondition(corev1::PodStatus& status, const corev1::Pod& pod, const std::string& type, const Verdict& verdict, base::WallTime now) {
    auto found = std::find_if(status.conditions.begin(), status.conditions.end(), [&](const auto& each) { return each.type == type; });
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

corev1::ContainerStateTerminated terminated(const PodRun& run, int exitCode, const std::string& id) {
    corev1::ContainerStateTerminated state;
    state.exitCode = exitCode;
    state.reason = exitCode == 0 ? "Completed" : "Error";
    state.startedAt = api::Time(run.started);
    state.finishedAt = api::Time(run.finished);
    state.containerID = id;
    return state;
}

// Which containers of a Pod that is being made, runs or has run.
enum class Role : std::uint8_t { Init, Sidecar, Main };

corev1::ContainerStatus containerStatus(const corev1::Pod& pod, const corev1::Container& container, Role role, const PodRun& run, const RunPlan& plan) {
    corev1::ContainerStatus status;
    status.name = container.name;
    status.image = container.image;
    const std::string id = "hollow://" + pod.metadata.uid + "/" + container.name + "/";
    const bool begun = run.step != PodRun::Step::Creating;
    if (!begun) {
        status.state.waiting.emplace().reason = role == Role::Main && !pod.spec.initContainers.empty() ? "PodInitializing" : "ContainerCreating";
        status.started = false;
        return status;
    }
    status.imageID = "hollow://" + container.image;
    if (role == Role::Init) {
        status.containerID = id + "0";
        status.state.terminated = terminated(run, 0, status.containerID);
        status.state.terminated->finishedAt = status.state.terminated->startedAt;
        status.ready = true;
        status.started = false;
        return status;
    }
    status.restartCount = run.restarts;
    status.containerID = id + std::to_string(run.restarts);
    if (run.restarts > 0) status.lastState.terminated = terminated(run, plan.exitCode, id + std::to_string(run.restarts - 1));
    status.allocatedResources = container.resources.requests;
    if (!container.resources.requests.empty() || !container.resources.limits.empty()) {
        auto& resources = status.resources.emplace();
        resources.requests = container.resources.requests;
        resources.limits = container.resources.limits;
    }
    switch (run.step) {
        case PodRun::Step::Running:
            status.state.running.emplace().startedAt = api::Time(run.started);
            status.ready = role == Role::Sidecar || run.ready;
            status.started = true;
            break;
        case PodRun::Step::BackingOff: {
            auto& waiting = status.state.waiting.emplace();
            waiting.reason = "CrashLoopBackOff";
            waiting.message = "back-off restarting failed container=" + container.name + " pod=" + pod.metadata.name + "_" + pod.metadata.namespace_ + "(" + pod.metadata.uid + ")";
            status.lastState.terminated = terminated(run, plan.exitCode, status.containerID);
            status.started = false;
            break;
        }
        default:
            status.state.terminated = terminated(run, role == Role::Sidecar ? 0 : plan.exitCode, status.containerID);
            status.started = false;
            break;
    }
    return status;
}

std::string phaseOf(const PodRun& run) {
    switch (run.step) {
        case PodRun::Step::Creating: return "Pending";
        case PodRun::Step::Succeeded: return "Succeeded";
        case PodRun::Step::Failed: return "Failed";
        case PodRun::Step::Running:
        case PodRun::Step::BackingOff: break;
    }
    return "Running";
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
        const bool open = std::any_of(status.conditions.begin(), status.conditions.end(), [&](const auto& each) { return each.type == gate.conditionType && each.status == "True"; });
        if (!open && whole.holds) whole = {false, "ReadinessGatesNotReady", "corresponding condition of pod readiness gate \"" + gate.conditionType + "\" does not exist."};
    }
    setCondition(status, pod, "Ready", whole, now);
    setCondition(status, pod, "ContainersReady", containers, now);
}

}  // namespace

corev1::PodStatus statusOf(const corev1::Pod& pod, const PodRun& run, const RunPlan& plan, const std::string& hostAddress, base::WallTime now) {
    corev1::PodStatus status = pod.status;
    status.observedGeneration = pod.metadata.generation;
    status.phase = phaseOf(run);
    status.startTime = api::Time(run.seen);
    status.hostIP = hostAddress;
    status.hostIPs.resize(1);
    status.hostIPs[0].ip = hostAddress;
    const bool begun = run.step != PodRun::Step::Creating;
    const std::string& address = pod.spec.hostNetwork ? hostAddress : run.address;
    if (begun && !address.empty()) {
        status.podIP = address;
        status.podIPs.resize(1);
        status.podIPs[0].ip = address;
    }
    status.initContainerStatuses.clear();
    for (const auto& container : pod.spec.initContainers) {
        const Role role = container.restartPolicy == "Always" ? Role::Sidecar : Role::Init;
        status.initContainerStatuses.push_back(containerStatus(pod, container, role, run, plan));
    }
    status.containerStatuses.clear();
    for (const auto& container : pod.spec.containers) status.containerStatuses.push_back(containerStatus(pod, container, Role::Main, run, plan));

    setCondition(status, pod, "PodReadyToStartContainers", {.holds = begun && !run.ended()}, now);
    Verdict initialized{.holds = begun || pod.spec.initContainers.empty()};
    if (!initialized.holds) {
        std::vector<std::string> names;
        for (const auto& container : pod.spec.initContainers) names.push_back(container.name);
        initialized = {false, "ContainersNotInitialized", "containers with incomplete status: " + listed(names)};
    } else if (status.phase == "Succeeded") {
        initialized.reason = "PodCompleted";
    }
    setCondition(status, pod, "Initialized", initialized, now);
    setReadiness(status, pod, now);
    setCondition(status, pod, "PodScheduled", {.holds = true}, now);
    return status;
}

corev1::PodStatus stoppedStatus(const corev1::Pod& pod, const PodRun& run, const RunPlan& plan, const std::string& hostAddress, base::WallTime now) {
    PodRun last = run;
    RunPlan stopped = plan;
    if (!run.ended()) {
        if (run.step == PodRun::Step::Creating) last.started = now;
        last.finished = now;
        last.ready = false;
        // Whoever ends on being asked ends well.
        if (run.step == PodRun::Step::Running) stopped.exitCode = 0;
        last.step = stopped.exitCode == 0 ? PodRun::Step::Succeeded : PodRun::Step::Failed;
    }
    return statusOf(pod, last, stopped, hostAddress, now);
}

}  // namespace qd::hollow
