// The row of a Pod, as `kubectl get pods` has shown it for a decade.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/core/pod_cells.h"
#include "cluster/api/kinds/core/pod_spec.h"

namespace qd::api {
namespace {

using namespace corev1;

struct Restarts {
    int count = 0;
    Time last;

    void add(const ContainerStatus& status) {
        count += status.restartCount;
        const auto& before = status.lastState.terminated;
        if (before && last < before->finishedAt) last = before->finishedAt;
    }
};

bool hasCondition(const Pod& pod, std::string_view type) {
    const auto& conditions = pod.status.conditions;
    return std::any_of(conditions.begin(), conditions.end(), [&](const auto& condition) { return condition.type == type && condition.status == "True"; });
}

std::string endText(const ContainerStateTerminated& ended) {
    if (!ended.reason.empty()) return ended.reason;
    if (ended.signal != 0) return fmt::format("Signal:{}", ended.signal);
    return fmt::format("ExitCode:{}", ended.exitCode);
}

class Summary {
public:
    explicit Summary(const Pod& pod) : m_pod(pod), m_total(static_cast<int>(pod.spec.containers.size())) {
        m_reason = pod.status.reason.empty() ? pod.status.phase : pod.status.reason;
        for (const auto& condition : pod.status.conditions) {
            if (condition.type == "PodScheduled" && condition.reason == "SchedulingGated") m_reason = "SchedulingGated";
        }
        for (const auto& container : pod.spec.initContainers) m_total += isSidecar(container) ? 1 : 0;
        const bool starting = lookAtInitContainers();
        if (!starting || hasCondition(pod, "Initialized")) lookAtContainers();
        if (!pod.metadata.deletionTimestamp) return;
        if (pod.status.reason == "NodeLost") {
            m_reason = "Unknown";
        } else if (pod.status.phase != "Failed" && pod.status.phase != "Succeeded") {
            m_reason = "Terminating";
        }
    }

    std::string ready() const { return fmt::format("{}/{}", m_ready, m_total); }
    const std::string& reason() const { return m_reason; }
    std::string restarts(base::WallTime now) const {
        if (m_restarts.count == 0 || m_restarts.last.isZero()) return std::to_string(m_restarts.count);
        return fmt::format("{} ({} ago)", m_restarts.count, ageText(m_restarts.last, now));
    }

private:
    // Whether one of them is not done; the row then tells which.
    bool lookAtInitContainers() {
        std::map<std::string_view, const Container*> byName;
        for (const auto& container : m_pod.spec.initContainers) byName[container.name] = &container;
        const auto& statuses = m_pod.status.initContainerStatuses;
        for (std::size_t i = 0; i < statuses.size(); ++i) {
            const auto& status = statuses[i];
            const auto found = byName.find(status.name);
            const bool sidecar = found != byName.end() && isSidecar(*found->second);
            m_restarts.add(status);
            if (sidecar) m_sidecarRestarts.add(status);
            const auto& ended = status.state.terminated;
            if (ended && ended->exitCode == 0) continue;
            if (sidecar && status.started.value_or(false)) {
                m_ready += status.ready ? 1 : 0;
                continue;
            }
            if (ended) {
                m_reason = "Init:" + endText(*ended);
            } else if (status.state.waiting && !status.state.waiting->reason.empty() && status.state.waiting->reason != "PodInitializing") {
                m_reason = "Init:" + status.state.waiting->reason;
            } else {
                m_reason = fmt::format("Init:{}/{}", i, m_pod.spec.initContainers.size());
            }
            return true;
        }
        return false;
    }

    void lookAtContainers() {
        m_restarts = m_sidecarRestarts;
        bool running = false;
        std::string failure;
        const auto& statuses = m_pod.status.containerStatuses;
        for (auto status = statuses.rbegin(); status != statuses.rend(); ++status) {
            m_restarts.add(*status);
            const auto& state = status->state;
            if (state.waiting && !state.waiting->reason.empty()) {
                m_reason = state.waiting->reason;
            } else if (state.terminated) {
                m_reason = endText(*state.terminated);
                if (state.terminated->exitCode != 0) failure = m_reason;
            } else if (status->ready && state.running) {
                running = true;
                ++m_ready;
            }
        }
        if (m_reason != "Completed") return;
        if (running && hasCondition(m_pod, "Ready")) {
            m_reason = "Running";
        } else if (!failure.empty()) {
            m_reason = failure;
        } else if (running) {
            m_reason = "NotReady";
        }
    }

    const Pod& m_pod;
    int m_total = 0;
    int m_ready = 0;
    std::string m_reason;
    Restarts m_restarts;
    Restarts m_sidecarRestarts;
};

std::string readinessGatesText(const Pod& pod) {
    if (pod.spec.readinessGates.empty()) return "<none>";
    int met = 0;
    for (const auto& gate : pod.spec.readinessGates) {
        const auto& conditions = pod.status.conditions;
        const auto found = std::find_if(conditions.begin(), conditions.end(), [&](const auto& condition) { return condition.type == gate.conditionType; });
        met += found != conditions.end() && found->status == "True" ? 1 : 0;
    }
    return fmt::format("{}/{}", met, pod.spec.readinessGates.size());
}

}  // namespace

std::vector<Column> podColumns() {
    return {nameColumn(),
            textColumn("Ready", "The aggregate readiness state of this pod for accepting traffic."),
            textColumn("Status", "The aggregate status of the containers in this pod."),
            textColumn("Restarts", "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted."),
            ageColumn(),
            wide(fieldColumn<PodStatus>("IP", "string", "podIP")),
            wide(fieldColumn<PodSpec>("Node", "string", "nodeName")),
            wide(fieldColumn<PodStatus>("Nominated Node", "string", "nominatedNodeName")),
            wide(fieldColumn<PodSpec>("Readiness Gates", "string", "readinessGates"))};
}

std::vector<Cell> podCells(const Object& object, base::WallTime now) {
    const auto& pod = as<Pod>(object);
    const Summary summary(pod);
    return {pod.metadata.name,
            summary.ready(),
            summary.reason(),
            summary.restarts(now),
            ageText(pod.metadata.creationTimestamp, now),
            orNone(pod.status.podIPs.empty() ? "" : pod.status.podIPs[0].ip),
            orNone(pod.spec.nodeName),
            orNone(pod.status.nominatedNodeName),
            readinessGatesText(pod)};
}

}  // namespace qd::api
