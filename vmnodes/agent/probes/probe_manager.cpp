#include "vmnodes/agent/probes/probe_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "vmnodes/agent/sync/pod_facts.h"

namespace qd::agent::probes {
namespace {

using sync::ProbeVerdicts;
using sync::Verdict;
using namespace std::chrono_literals;

enum class Kind { Startup, Liveness, Readiness };
constexpr Kind kKinds[] = {Kind::Startup, Kind::Liveness, Kind::Readiness};

const char* nameOf(Kind kind) {
    switch (kind) {
        case Kind::Startup:
            return "Startup";
        case Kind::Liveness:
            return "Liveness";
        default:
            return "Readiness";
    }
}

const api::Box<corev1::Probe>& probeOf(const corev1::Container& container, Kind kind) {
    switch (kind) {
        case Kind::Startup:
            return container.startupProbe;
        case Kind::Liveness:
            return container.livenessProbe;
        default:
            return container.readinessProbe;
    }
}

Verdict& verdictOf(ProbeVerdicts& verdicts, Kind kind) {
    switch (kind) {
        case Kind::Startup:
            return verdicts.startup;
        case Kind::Liveness:
            return verdicts.liveness;
        default:
            return verdicts.readiness;
    }
}

// Zero means that nobody defaulted the field.
std::int32_t orDefault(std::int32_t value, std::int32_t usual) {
    return value > 0 ? value : usual;
}

}  // namespace

struct ProbeManager::State : std::enable_shared_from_this<State> {
    State(base::Executor& theExecutor, EventSink& theEvents, Run theRun,
          std::function<void(const std::string&)> theChanged, ProbeSettings theSettings)
        : executor(theExecutor),
          events(theEvents),
          run(std::move(theRun)),
          changed(std::move(theChanged)),
          settings(theSettings) {}

    // One probe of one container instance.
    struct Worker {
        std::shared_ptr<const corev1::Pod> pod;
        std::string container;
        ProbeTarget target;
        base::WallTime startedAt{};
        Outcome last = Outcome::Success;
        int inARow = 0;
        bool onHold = false;
        base::Timer timer;
    };
    using Key = std::pair<std::string, Kind>;  // container id

    base::Executor& executor;
    EventSink& events;
    Run run;
    std::function<void(const std::string&)> changed;
    ProbeSettings settings;
    std::mutex mutex;
    std::map<Key, Worker> workers;
    std::map<std::string, sync::ProbeTable> tables;  // by Pod uid

    // A container that runs since before the agent was restarted keeps what was reported of it until its probes say
    // otherwise: else a restart of the agent would take every Pod out of its Services. As kubelet since v1.35. A
    // container that the agent has started itself is in no report before its first probe.
    void recall(const Key& key, const corev1::Pod& pod) {
        const auto reported = [&](const std::vector<corev1::ContainerStatus>& statuses) {
            for (const corev1::ContainerStatus& status : statuses) {
                if (!status.state.running || !status.containerID.ends_with("://" + key.first)) continue;
                ProbeVerdicts& verdicts = tables[pod.metadata.uid][key.first];
                if (key.second == Kind::Startup && status.started.value_or(false)) verdicts.startup = Verdict::Success;
                if (key.second == Kind::Readiness && status.ready) verdicts.readiness = Verdict::Success;
            }
        };
        reported(pod.status.containerStatuses);
        reported(pod.status.initContainerStatuses);
    }

    void schedule(const Key& key, Worker& worker, base::Duration delay) {
        worker.timer = executor.postAfter(delay, [weak = weak_from_this(), key] {
            if (const auto self = weak.lock()) self->probe(key);
        });
    }

    bool startupDone(const Worker& worker, const corev1::Container& container) {
        return !container.startupProbe ||
               tables[worker.pod->metadata.uid][worker.target.containerId].startup == Verdict::Success;
    }

    void probe(const Key& key) {
        std::unique_lock lock(mutex);
        const auto found = workers.find(key);
        if (found == workers.end() || found->second.onHold) return;
        Worker& worker = found->second;
        const auto pod = worker.pod;
        const corev1::Container* container = sync::findContainer(*pod, worker.container);
        if (container == nullptr || !probeOf(*container, key.second)) return;
        const corev1::Probe& spec = *probeOf(*container, key.second);
        const base::Duration period = std::chrono::seconds(orDefault(spec.periodSeconds, 10));
        const base::Duration early =
            worker.startedAt + std::chrono::seconds(spec.initialDelaySeconds) - executor.clock().now();
        const bool startup = key.second == Kind::Startup;
        if (early > base::Duration::zero()) {
            schedule(key, worker, early);
            return;
        }
        if (startup && startupDone(worker, *container)) return;
        if (!startup && !startupDone(worker, *container)) {
            schedule(key, worker, std::min<base::Duration>(period, 1s));
            return;
        }
        const ProbeTarget target = worker.target;
        lock.unlock();
        const auto limit = std::chrono::seconds(orDefault(spec.timeoutSeconds, 1)) + settings.extraTimeout;
        const ProbeAnswer answer = run(spec, *container, target, limit);
        report(*pod, *container, key.second, answer);
        conclude(key, spec, answer, period);
    }

    void report(const corev1::Pod& pod, const corev1::Container& container, Kind kind, const ProbeAnswer& answer) {
        if (answer.outcome == Outcome::Failure)
            events.podEvent(pod, container.name, true, "Unhealthy",
                            fmt::format("{} probe failed: {}", nameOf(kind), answer.output));
        if (answer.outcome == Outcome::Error)
            events.podEvent(
                pod, container.name, true, "Unhealthy",
                fmt::format("{} probe errored and resulted in unknown state: {}", nameOf(kind), answer.output));
        if (answer.outcome == Outcome::Warning)
            events.podEvent(pod, container.name, true, "ProbeWarning",
                            fmt::format("{} probe warning: {}", nameOf(kind), answer.output));
    }

    // Counts the answer, and tells when the verdict changed.
    void conclude(const Key& key, const corev1::Probe& spec, const ProbeAnswer& answer, base::Duration period) {
        std::string tell;
        {
            const std::lock_guard lock(mutex);
            const auto found = workers.find(key);
            if (found == workers.end()) return;
            Worker& worker = found->second;
            schedule(key, worker, period);
            if (answer.outcome == Outcome::Error) return;  // says nothing about the container
            const Outcome outcome = answer.outcome == Outcome::Failure ? Outcome::Failure : Outcome::Success;
            worker.inARow = worker.last == outcome ? worker.inARow + 1 : 1;
            worker.last = outcome;
            const int needed =
                outcome == Outcome::Failure ? orDefault(spec.failureThreshold, 3) : orDefault(spec.successThreshold, 1);
            if (worker.inARow < needed) return;
            Verdict& verdict = verdictOf(tables[worker.pod->metadata.uid][key.first], key.second);
            const Verdict now = outcome == Outcome::Failure ? Verdict::Failure : Verdict::Success;
            if (now == Verdict::Failure && key.second != Kind::Readiness) worker.onHold = true;
            if (std::exchange(verdict, now) != now) tell = worker.pod->metadata.uid;
        }
        if (!tell.empty()) changed(tell);
    }
};

ProbeManager::ProbeManager(base::Executor& executor, EventSink& events, Run run,
                           std::function<void(const std::string&)> changed, ProbeSettings settings)
    : m_state(std::make_shared<State>(executor, events, std::move(run), std::move(changed), settings)) {}

ProbeManager::~ProbeManager() {
    const std::lock_guard lock(m_state->mutex);
    m_state->workers.clear();
}

void ProbeManager::follow(const std::shared_ptr<const corev1::Pod>& pod, const sync::Observed& observed) {
    const std::lock_guard lock(m_state->mutex);
    const std::string& uid = pod->metadata.uid;
    const std::string ip = !observed.ips.empty() ? observed.ips.front() : std::string("127.0.0.1");
    std::set<std::string> running;
    for (const cri::ContainerStatus& status : observed.containers) {
        if (status.state != cri::ContainerState::Running) continue;
        const std::string name = sync::containerName(status);
        const corev1::Container* container = sync::findContainer(*pod, name);
        if (container == nullptr) continue;
        running.insert(status.id);
        for (const Kind kind : kKinds) {
            if (!probeOf(*container, kind)) continue;
            auto [entry, fresh] = m_state->workers.try_emplace({status.id, kind});
            State::Worker& worker = entry->second;
            worker.pod = pod;
            worker.target = {status.id, ip};
            if (!fresh) continue;
            worker.container = name;
            worker.startedAt = status.startedAt;
            m_state->recall(entry->first, *pod);
            m_state->schedule(entry->first, worker, base::Duration::zero());
        }
    }
    std::erase_if(m_state->workers, [&](const auto& entry) {
        return entry.second.pod->metadata.uid == uid && !running.contains(entry.first.first);
    });
    if (const auto table = m_state->tables.find(uid); table != m_state->tables.end())
        std::erase_if(table->second, [&](const auto& entry) { return !running.contains(entry.first); });
}

void ProbeManager::forget(const std::string& podUid) {
    const std::lock_guard lock(m_state->mutex);
    std::erase_if(m_state->workers, [&](const auto& entry) { return entry.second.pod->metadata.uid == podUid; });
    m_state->tables.erase(podUid);
}

sync::ProbeTable ProbeManager::verdicts(const std::string& podUid) {
    const std::lock_guard lock(m_state->mutex);
    const auto found = m_state->tables.find(podUid);
    return found == m_state->tables.end() ? sync::ProbeTable() : found->second;
}

}  // namespace qd::agent::probes
