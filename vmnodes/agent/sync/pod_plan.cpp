#include "vmnodes/agent/sync/pod_plan.h"

#include <algorithm>

namespace qd::agent::sync {
namespace {

using cri::ContainerState;

Verdict verdict(const ProbeTable& probes, const std::string& id, Verdict ProbeVerdicts::*which) {
    const auto found = probes.find(id);
    return found == probes.end() ? Verdict::Unknown : found->second.*which;
}

bool definitionChanged(const corev1::Container& container, const cri::ContainerStatus& status) {
    const auto hash = status.annotations.find(kHashAnnotation);
    return hash != status.annotations.end() && hash->second != containerHash(container);
}

bool podRestartsOnFailure(const corev1::Pod& pod) {
    return pod.spec.restartPolicy != corev1::RestartPolicyNever;
}

bool restartsOnFailure(const corev1::Pod& pod, const corev1::Container& container) {
    if (container.restartPolicy) return *container.restartPolicy != corev1::ContainerRestartPolicyNever;
    return podRestartsOnFailure(pod);
}

bool initFailed(const cri::ContainerStatus& status) {
    return (status.state == ContainerState::Exited && status.exitCode != 0) || status.state == ContainerState::Unknown;
}

Kill unknownState(const cri::ContainerStatus& status, bool init) {
    return {
        status.id, containerName(status),
        std::string(init ? "Init container" : "Container") + " is in \"unknown\" state, try killing it before restart",
        KillReason::Unknown};
}

// Init containers and sidecars. Walks them from the last to the first, because the runtime may have forgotten early
// ones: the last that is known tells how far initialisation came.
class InitPlanner {
public:
    InitPlanner(const corev1::Pod& pod, const Observed& observed, const ProbeTable& probes, PodPlan& plan)
        : m_pod(pod), m_observed(observed), m_probes(probes), m_plan(plan) {}

    // Whether the Pod is initialised.
    bool run() {
        const auto& all = m_pod.spec.initContainers;
        if (all.empty()) return true;
        m_initialized = std::ranges::any_of(m_pod.spec.containers, [&](const corev1::Container& container) {
            const cri::ContainerStatus* status = m_observed.find(container.name);
            return status != nullptr &&
                   (status->state == ContainerState::Created || status->state == ContainerState::Running);
        });
        m_laterSeen = m_initialized;
        for (std::size_t i = all.size(); i-- > 0;) {
            if (!visit(i)) return false;
        }
        if (!m_laterSeen) m_start.push_back(0);
        std::ranges::sort(m_start);
        const auto repeated = std::ranges::unique(m_start);
        m_start.erase(repeated.begin(), repeated.end());
        for (const std::size_t i : m_start)
            m_plan.start.push_back({&all[i], isSidecar(all[i]) ? ContainerKind::Sidecar : ContainerKind::Init});
        return m_initialized;
    }

private:
    // False: initialisation failed for good.
    bool visit(std::size_t i) {
        const corev1::Container& container = m_pod.spec.initContainers[i];
        const cri::ContainerStatus* status = m_observed.find(container.name);
        if (status == nullptr) {
            if (m_laterSeen && isSidecar(container)) m_start.push_back(i);
            return true;
        }
        if (m_laterSeen && !isSidecar(container)) return true;
        bool goesOn = true;
        switch (status->state) {
            case ContainerState::Created:
                m_start.push_back(i);
                break;
            case ContainerState::Running:
                if (isSidecar(container)) visitRunningSidecar(i, container, *status);
                break;
            case ContainerState::Exited:
                goesOn = visitExited(i, container, *status);
                break;
            case ContainerState::Unknown:
                goesOn = visitUnknown(i, container, *status);
                break;
        }
        m_laterSeen = true;
        return goesOn;
    }

    void completed(std::size_t i) {
        if (i + 1 == m_pod.spec.initContainers.size())
            m_initialized = true;
        else if (!m_laterSeen)
            m_start.push_back(i + 1);
    }

    void restart(std::size_t i, const cri::ContainerStatus& status, const std::string& what, KillReason reason) {
        const std::string& name = m_pod.spec.initContainers[i].name;
        m_plan.kill.push_back({status.id, name, "Init container " + name + " " + what, reason});
        m_start.push_back(i);
    }

    void visitRunningSidecar(std::size_t i, const corev1::Container& container, const cri::ContainerStatus& status) {
        if (container.startupProbe) {
            const Verdict startup = verdict(m_probes, status.id, &ProbeVerdicts::startup);
            if (startup == Verdict::Failure) restart(i, status, "failed startup probe", KillReason::StartupProbe);
            if (startup != Verdict::Success) return;
        }
        completed(i);
        if (definitionChanged(container, status))
            restart(i, status, "definition changed", KillReason::None);
        else if (container.livenessProbe && verdict(m_probes, status.id, &ProbeVerdicts::liveness) == Verdict::Failure)
            restart(i, status, "failed liveness probe", KillReason::LivenessProbe);
    }

    bool visitExited(std::size_t i, const corev1::Container& container, const cri::ContainerStatus& status) {
        if (isSidecar(container)) {
            m_start.push_back(i);
            return true;
        }
        if (!initFailed(status)) {
            completed(i);
            return true;
        }
        if (!restartsAfter(m_pod, container, status.exitCode)) return giveUp();
        m_start.push_back(i);
        return true;
    }

    bool visitUnknown(std::size_t i, const corev1::Container& container, const cri::ContainerStatus& status) {
        if (!isSidecar(container) && !restartsOnFailure(m_pod, container)) return giveUp();
        m_plan.kill.push_back(unknownState(status, true));
        m_start.push_back(i);
        return true;
    }

    bool giveUp() {
        m_plan.killPod = true;
        m_plan.start.clear();
        m_start.clear();
        return false;
    }

    const corev1::Pod& m_pod;
    const Observed& m_observed;
    const ProbeTable& m_probes;
    PodPlan& m_plan;
    bool m_initialized = false;
    bool m_laterSeen = false;  // an init container after the current one exists, or the Pod was initialised before
    std::vector<std::size_t> m_start;
};

void planNewSandbox(const corev1::Pod& pod, const Observed& observed, PodPlan& plan) {
    // A Pod that never restarts and has run is over; one that never came to run is tried again.
    if (!podRestartsOnFailure(pod) && plan.attempt != 0 && !observed.containers.empty()) {
        plan.createSandbox = false;
        return;
    }
    std::vector<ContainerRef> start;
    for (const corev1::Container& container : pod.spec.containers) {
        const std::string& policy = container.restartPolicy ? *container.restartPolicy : pod.spec.restartPolicy;
        const cri::ContainerStatus* status = observed.find(container.name);
        const bool succeeded = status != nullptr && status->state == ContainerState::Exited && status->exitCode == 0;
        if (policy == corev1::RestartPolicyOnFailure && succeeded) continue;
        start.push_back({&container, ContainerKind::Regular});
    }
    if (start.empty() && anyRegularContainerCreated(pod, observed)) {
        plan.createSandbox = false;
        return;
    }
    if (!pod.spec.initContainers.empty()) {
        const corev1::Container& first = pod.spec.initContainers.front();
        plan.start = {{&first, isSidecar(first) ? ContainerKind::Sidecar : ContainerKind::Init}};
    } else {
        plan.start = std::move(start);
    }
}

// Answers whether the container, which runs, is kept.
bool planRunning(const corev1::Pod& pod, const corev1::Container& container, const cri::ContainerStatus& status,
                 const ProbeTable& probes, PodPlan& plan) {
    Kill kill{status.id, container.name, "Container " + container.name, KillReason::None};
    bool restart = restartsOnFailure(pod, container);
    if (definitionChanged(container, status)) {
        kill.message += " definition changed";
        restart = true;  // whatever the policy says: the spec asks for another container
    } else if (verdict(probes, status.id, &ProbeVerdicts::liveness) == Verdict::Failure) {
        kill.message += " failed liveness probe";
        kill.reason = KillReason::LivenessProbe;
    } else if (verdict(probes, status.id, &ProbeVerdicts::startup) == Verdict::Failure) {
        kill.message += " failed startup probe";
        kill.reason = KillReason::StartupProbe;
    } else {
        return true;
    }
    if (restart) {
        kill.message += ", will be restarted";
        plan.start.push_back({&container, ContainerKind::Regular});
    }
    plan.kill.push_back(std::move(kill));
    return false;
}

}  // namespace

SandboxNeed sandboxNeed(const corev1::Pod& pod, const Observed& observed) {
    if (observed.sandboxes.empty()) return {.create = true, .attempt = 0, .id = {}};
    const cri::SandboxStatus& newest = observed.sandboxes.front();
    const auto ready = std::ranges::count_if(observed.sandboxes, &cri::SandboxStatus::ready);
    const auto network = pod.spec.hostNetwork ? cri::NamespaceMode::Node : cri::NamespaceMode::Pod;
    if (ready > 1 || !newest.ready || newest.namespaces.network != network ||
        (!pod.spec.hostNetwork && newest.ips.empty()))
        return {.create = true, .attempt = newest.metadata.attempt + 1, .id = newest.id};
    return {.create = false, .attempt = newest.metadata.attempt, .id = newest.id};
}

bool shouldRestart(const corev1::Pod& pod, const corev1::Container& container, const Observed& observed) {
    const cri::ContainerStatus* status = observed.find(container.name);
    if (status == nullptr) return true;
    if (status->state == ContainerState::Running) return false;
    if (status->state != ContainerState::Exited) return true;
    return restartsAfter(pod, container, status->exitCode);
}

bool anyRegularContainerCreated(const corev1::Pod& pod, const Observed& observed) {
    return std::ranges::any_of(pod.spec.containers, [&](const corev1::Container& container) {
        return observed.find(container.name) != nullptr;
    });
}

PodPlan planPod(const corev1::Pod& pod, const Observed& observed, const ProbeTable& probes) {
    const SandboxNeed need = sandboxNeed(pod, observed);
    PodPlan plan;
    plan.killPod = plan.createSandbox = need.create;
    plan.attempt = need.attempt;
    plan.sandboxId = need.id;
    if (need.create) {
        planNewSandbox(pod, observed, plan);
        return plan;
    }
    for (const corev1::EphemeralContainer& container : pod.spec.ephemeralContainers)
        if (observed.find(container.name) == nullptr) plan.startEphemeral.push_back(&container);
    if (!InitPlanner(pod, observed, probes, plan).run() || plan.killPod) return plan;
    int kept = 0, started = 0;
    for (const corev1::Container& container : pod.spec.containers) {
        const cri::ContainerStatus* status = observed.find(container.name);
        const std::size_t before = plan.start.size();
        if (status != nullptr && status->state == ContainerState::Running) {
            kept += planRunning(pod, container, *status, probes, plan) ? 1 : 0;
        } else if (shouldRestart(pod, container, observed)) {
            if (status != nullptr && status->state == ContainerState::Unknown)
                plan.kill.push_back(unknownState(*status, false));
            plan.start.push_back({&container, ContainerKind::Regular});
        }
        started += plan.start.size() > before ? 1 : 0;
    }
    if (kept == 0 && started == 0) {
        plan.killPod = true;
        plan.start.clear();  // a sidecar does not keep a Pod alive
    }
    return plan;
}

}  // namespace qd::agent::sync
