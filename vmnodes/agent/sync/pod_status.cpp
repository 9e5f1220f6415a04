#include "vmnodes/agent/sync/pod_status.h"

#include "vmnodes/agent/cgroups/resources.h"
#include "vmnodes/agent/sync/pod_conditions.h"

#include <algorithm>

namespace qd::agent::sync {
namespace {

using cri::ContainerState;
constexpr base::WallTime kNever{};
constexpr int kLostExitCode = 137;

api::Time timeOf(base::WallTime time) {
    return time == kNever ? api::Time::fromUnix(0) : api::Time(time);
}

corev1::ContainerState stateOf(const cri::ContainerStatus& status, const corev1::ContainerStatus* old) {
    corev1::ContainerState state;
    switch (status.state) {
        case ContainerState::Running:
            state.running.emplace().startedAt = timeOf(status.startedAt);
            break;
        case ContainerState::Created:
            state.waiting.emplace();
            break;
        case ContainerState::Exited: {
            auto& ended = state.terminated.emplace();
            ended.exitCode = status.exitCode;
            ended.reason = status.reason;
            ended.message = status.message;
            ended.startedAt = timeOf(status.startedAt);
            ended.finishedAt = timeOf(status.finishedAt);
            ended.containerID = containerId(status.id);
            break;
        }
        case ContainerState::Unknown:
            if (old != nullptr && old->state.running) {
                auto& lost = state.terminated.emplace();
                lost.reason = "ContainerStatusUnknown";
                lost.message = "The container could not be located when the pod was terminated";
                lost.exitCode = kLostExitCode;
            } else {
                state.waiting.emplace();
            }
            break;
    }
    return state;
}

std::vector<corev1::VolumeMountStatus> mountsOf(const corev1::Container& container) {
    std::vector<corev1::VolumeMountStatus> mounts;
    for (const corev1::VolumeMount& mount : container.volumeMounts) {
        auto& status = mounts.emplace_back();
        status.name = mount.name;
        status.mountPath = mount.mountPath;
        status.readOnly = mount.readOnly;
        if (mount.readOnly) status.recursiveReadOnly = corev1::RecursiveReadOnlyDisabled;
    }
    return mounts;
}

// One container's status from its newest and second newest instances.
class ContainerReport {
public:
    ContainerReport(const StatusInput& input, const corev1::Container& container, ContainerKind kind,
                    const std::vector<corev1::ContainerStatus>& before)
        : m_input(input), m_container(container), m_kind(kind) {
        const auto found = std::ranges::find(before, container.name, &corev1::ContainerStatus::name);
        m_old = found == before.end() ? nullptr : &*found;
        for (const cri::ContainerStatus& status : input.observed.containers)
            if (containerName(status) == container.name) m_instances.push_back(&status);
    }

    corev1::ContainerStatus make() {
        m_status.name = m_container.name;
        m_status.image = m_container.image;
        m_status.volumeMounts =
            m_old != nullptr && !m_old->volumeMounts.empty() ? m_old->volumeMounts : mountsOf(m_container);
        if (m_instances.empty())
            fromHistory();
        else
            fromRuntime();
        applyFailure();
        applyProbes();
        return std::move(m_status);
    }

private:
    // The runtime knows nothing of it: not started yet, or removed.
    void fromHistory() {
        const bool waitsForInit = !m_input.pod.spec.initContainers.empty();
        auto& waiting = m_status.state.waiting.emplace();
        waiting.reason = waitsForInit ? "PodInitializing" : "ContainerCreating";
        if (m_old != nullptr && m_old->state.terminated) {
            m_status = *m_old;
            return;
        }
        if (m_old != nullptr) {
            m_status.restartCount = m_old->restartCount;
            m_status.lastState = m_old->lastState;
            if (m_old->state.running && !m_status.lastState.terminated) {
                auto& lost = m_status.lastState.terminated.emplace();
                lost.reason = "ContainerStatusUnknown";
                lost.message =
                    "The container could not be located when the pod was deleted.  The container used to be Running";
                lost.exitCode = kLostExitCode;
                if (!m_input.pod.metadata.deletionTimestamp) ++m_status.restartCount;
            }
        }
        if (m_kind == ContainerKind::Init && anyRegularContainerCreated(m_input.pod, m_input.observed)) {
            m_status.state.waiting.reset();
            auto& done = m_status.state.terminated.emplace();
            done.reason = "Completed";
            done.message =
                "Unable to get init container status from container runtime and pod has been initialized, treat it as "
                "exited normally";
        }
    }

    void fromRuntime() {
        const cri::ContainerStatus& newest = *m_instances.front();
        m_status.restartCount = restartCount(newest);
        m_status.image = newest.image.empty() ? m_container.image : newest.image;
        m_status.imageID = newest.imageRef;
        m_status.containerID = containerId(newest.id);
        m_status.state = stateOf(newest, m_old);
        if (m_instances.size() > 1) m_status.lastState = stateOf(*m_instances[1], nullptr);
        if (!m_status.lastState.terminated && m_old != nullptr && m_old->lastState.terminated &&
            m_old->restartCount == m_status.restartCount)
            m_status.lastState = m_old->lastState;  // its container was collected meanwhile
        m_status.resources = m_container.resources;
        m_status.allocatedResources = m_container.resources.requests;
        if (newest.uid) {
            auto& user = m_status.user.emplace().linux.emplace();
            user.uid = *newest.uid;
            user.gid = newest.gid.value_or(0);
            user.supplementalGroups = newest.supplementalGroups;
        }
    }

    void applyFailure() {
        const auto failure = m_input.failures.find(m_container.name);
        if (failure == m_input.failures.end()) return;
        if (m_kind == ContainerKind::Init && m_status.state.terminated && m_status.state.terminated->exitCode == 0)
            return;
        if (!shouldRestart(m_input.pod, m_container, m_input.observed)) return;
        if (m_status.state.terminated) m_status.lastState = m_status.state;
        m_status.state = {};
        auto& waiting = m_status.state.waiting.emplace();
        waiting.reason = failure->second.reason;
        waiting.message = failure->second.message;
    }

    ProbeVerdicts verdicts() const {
        if (m_instances.empty()) return {};
        const auto found = m_input.probes.find(m_instances.front()->id);
        return found == m_input.probes.end() ? ProbeVerdicts{} : found->second;
    }

    void applyProbes() {
        if (m_kind == ContainerKind::Ephemeral) return;
        const bool running = m_status.state.running.has_value();
        const bool started = running && (!m_container.startupProbe || verdicts().startup == Verdict::Success);
        m_status.started = started;
        if (m_kind == ContainerKind::Init)
            m_status.ready = m_status.state.terminated && m_status.state.terminated->exitCode == 0;
        else
            m_status.ready = started && (!m_container.readinessProbe || verdicts().readiness == Verdict::Success);
    }

    const StatusInput& m_input;
    const corev1::Container& m_container;
    ContainerKind m_kind;
    const corev1::ContainerStatus* m_old = nullptr;
    std::vector<const cri::ContainerStatus*> m_instances;
    corev1::ContainerStatus m_status;
};

struct Counts {
    int running = 0, waiting = 0, unknown = 0, stopped = 0, succeeded = 0, final = 0;
};

// How far initialisation is, for the phase.
struct Initialization {
    bool failed = false;
    bool pending = false;          // a regular init container has not completed
    bool sidecarsPending = false;  // a sidecar has not started for the first time
};

const corev1::ContainerStatus* statusOf(const std::vector<corev1::ContainerStatus>& all, const std::string& name) {
    const auto found = std::ranges::find(all, name, &corev1::ContainerStatus::name);
    return found == all.end() ? nullptr : &*found;
}

const corev1::ContainerStateTerminated* endOf(const corev1::ContainerStatus& status) {
    if (status.state.terminated) return status.state.terminated.get();
    return status.state.waiting ? status.lastState.terminated.get() : nullptr;
}

Initialization initialization(const corev1::Pod& pod, const corev1::PodStatus& status) {
    Initialization result;
    for (const corev1::Container& container : pod.spec.initContainers) {
        if (isSidecar(container)) continue;
        const corev1::ContainerStatus* one = statusOf(status.initContainerStatuses, container.name);
        const corev1::ContainerStateTerminated* end = one != nullptr ? endOf(*one) : nullptr;
        if (end == nullptr)
            result.pending = true;
        else if (end->exitCode != 0 && !restartsAfter(pod, container, end->exitCode))
            result.failed = true;
    }
    return result;
}

void countSidecars(const corev1::Pod& pod, const corev1::PodStatus& status, Counts& counts, Initialization& init) {
    for (const corev1::Container& container : pod.spec.initContainers) {
        if (!isSidecar(container)) continue;
        const corev1::ContainerStatus* one = statusOf(status.initContainerStatuses, container.name);
        if (one == nullptr) {
            ++counts.unknown;
        } else if (one->state.running) {
            ++counts.running;
            init.sidecarsPending = init.sidecarsPending || !one->started.value_or(false);
        } else if (one->state.waiting && !one->lastState.terminated) {
            ++counts.waiting;
            init.sidecarsPending = true;
        }
    }
}

void countRegular(const corev1::Pod& pod, const corev1::PodStatus& status, Counts& counts) {
    for (const corev1::Container& container : pod.spec.containers) {
        const corev1::ContainerStatus* one = statusOf(status.containerStatuses, container.name);
        if (one == nullptr) {
            ++counts.unknown;
        } else if (one->state.running) {
            ++counts.running;
        } else if (const corev1::ContainerStateTerminated* end = endOf(*one)) {
            ++counts.stopped;
            counts.final += restartsAfter(pod, container, end->exitCode) ? 0 : 1;
            counts.succeeded += one->state.terminated && end->exitCode == 0 ? 1 : 0;
        } else if (one->state.waiting) {
            ++counts.waiting;
        } else {
            ++counts.unknown;
        }
    }
}

std::string phaseOf(const StatusInput& input, const corev1::PodStatus& status) {
    Initialization init = initialization(input.pod, status);
    Counts counts;
    countSidecars(input.pod, status, counts, init);
    countRegular(input.pod, status, counts);
    if (init.failed) return corev1::PodFailed;
    const bool regularStarted = std::ranges::any_of(status.containerStatuses, [](const corev1::ContainerStatus& one) {
        return one.state.running || one.state.terminated || one.lastState.terminated;
    });
    if (init.pending || (init.sidecarsPending && !regularStarted) || counts.waiting > 0) return corev1::PodPending;
    if (counts.running > 0 && counts.unknown == 0) return corev1::PodRunning;
    if (counts.running == 0 && counts.stopped > 0 && counts.unknown == 0) {
        const bool over = (input.finished && !isStaticPod(input.pod)) || counts.stopped == counts.final;
        if (!over) return corev1::PodRunning;
        return counts.stopped == counts.succeeded ? corev1::PodSucceeded : corev1::PodFailed;
    }
    return corev1::PodPending;
}

void setAddresses(const StatusInput& input, corev1::PodStatus& status) {
    const auto& addresses = input.pod.spec.hostNetwork ? input.hostIps : input.observed.ips;
    for (const std::string& ip : addresses) status.podIPs.emplace_back().ip = ip;
    // Once ended, a Pod keeps the address that it had.
    if (status.podIPs.empty()) status.podIPs = input.old.podIPs;
    if (!status.podIPs.empty()) status.podIP = status.podIPs.front().ip;
    for (const std::string& ip : input.hostIps) status.hostIPs.emplace_back().ip = ip;
    if (!input.hostIps.empty()) status.hostIP = input.hostIps.front();
}

}  // namespace

corev1::PodStatus podStatus(const StatusInput& input) {
    const corev1::Pod& pod = input.pod;
    corev1::PodStatus status;
    status.observedGeneration = pod.metadata.generation;
    status.qosClass = cgroups::qosName(cgroups::qosClass(pod));
    for (const ContainerRef& ref : containersOf(pod)) {
        const bool init = ref.kind != ContainerKind::Regular;
        const auto& before = init ? input.old.initContainerStatuses : input.old.containerStatuses;
        auto& list = init ? status.initContainerStatuses : status.containerStatuses;
        list.push_back(ContainerReport(input, *ref.container, ref.kind, before).make());
    }
    for (const corev1::EphemeralContainer& ephemeral : pod.spec.ephemeralContainers) {
        const corev1::Container container = ephemeralAsContainer(ephemeral);
        status.ephemeralContainerStatuses.push_back(
            ContainerReport(input, container, ContainerKind::Ephemeral, input.old.ephemeralContainerStatuses).make());
    }
    std::ranges::sort(status.containerStatuses, {}, &corev1::ContainerStatus::name);
    status.phase = phaseOf(input, status);
    // A final phase is never left.
    for (const corev1::PodStatus* before : {&pod.status, &input.old})
        if (isTerminalPhase(before->phase)) status.phase = before->phase;
    if (status.phase == input.old.phase) {
        status.reason = input.old.reason.empty() ? pod.status.reason : input.old.reason;
        status.message = input.old.message.empty() ? pod.status.message : input.old.message;
    }
    setAddresses(input, status);
    status.startTime = input.old.startTime && !input.old.startTime->isZero()     ? input.old.startTime
                       : pod.status.startTime && !pod.status.startTime->isZero() ? pod.status.startTime
                                                                                 : std::optional<api::Time>(input.now);
    status.nominatedNodeName = pod.status.nominatedNodeName;
    setConditions(pod, !sandboxNeed(pod, input.observed).create, input.old, input.now, status);
    return status;
}

}  // namespace qd::agent::sync
