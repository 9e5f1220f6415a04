#include "vmnodes/hollow/pod_run.h"

#include <algorithm>

namespace qd::hollow {
namespace {

constexpr int kKilled = 137;  // 128 + SIGKILL

void sooner(std::optional<base::SteadyTime>& next, const std::optional<base::SteadyTime>& other) {
    if (other) next = next ? std::min(*next, *other) : *other;
}

Restart policyOf(const corev1::Pod& pod) {
    if (pod.spec.restartPolicy == "Never") return Restart::Never;
    return pod.spec.restartPolicy == "OnFailure" ? Restart::OnFailure : Restart::Always;
}

// A container's own policy goes before its Pod's; init containers that are done are done.
Restart policyOf(const corev1::Container& container, const corev1::Pod& pod, bool init) {
    if (container.restartPolicy == "Always") return Restart::Always;
    if (container.restartPolicy == "OnFailure") return Restart::OnFailure;
    if (container.restartPolicy == "Never") return Restart::Never;
    const Restart policy = policyOf(pod);
    return init && policy == Restart::Always ? Restart::OnFailure : policy;
}

// The steps of one Pod at one time.
class Advance {
public:
    Advance(PodRun& run, const RunPlan& plan, const corev1::Pod& pod, const Timing& timing, const Moment& now)
        : m_run(run), m_plan(plan), m_pod(pod), m_timing(timing), m_now(now) {}

    std::optional<base::SteadyTime> go() {
        if (m_run.step == PodRun::Step::Creating) {
            const base::SteadyTime due = m_run.since.steady + m_plan.startsAfter;
            if (due > m_now.steady) return due;
            m_from = m_now.at(due);
            m_run.step = PodRun::Step::Running;
        }
        if (pastDeadline()) return std::nullopt;
        if (initialize()) runContainers();
        return m_run.ended() ? std::nullopt : m_next;
    }

private:
    bool pastDeadline() {
        if (!m_pod.spec.activeDeadlineSeconds) return false;
        const base::SteadyTime due = m_run.seen.steady + std::chrono::seconds(*m_pod.spec.activeDeadlineSeconds);
        if (due > m_now.steady) {
            sooner(m_next, due);
            return false;
        }
        end(PodRun::Step::Failed, m_now.at(due), kKilled);
        m_run.reason = "DeadlineExceeded";
        m_run.message = "Pod was active on the node longer than the specified deadline";
        return true;
    }

    // Whether the others may start; m_from is then when.
    bool initialize() {
        for (std::size_t i = 0; i < m_run.init.size(); ++i) {
            const auto& container = m_pod.spec.initContainers[i];
            ContainerRun& each = m_run.init[i];
            sooner(m_next, advance(each, m_plan.init[i], policyOf(container, m_pod, true), m_timing, m_from,
                                   m_run.advanced, m_now));
            if (isSidecar(container)) {
                // Once the others run it is only restarted.
                if (!each.startedUp && !begun()) return false;
                if (each.startedUp) m_from = later(m_from, m_now.at(each.started.steady + m_plan.init[i].startedAfter));
            } else if (each.failed()) {
                end(PodRun::Step::Failed, each.ending->finished, 0);
                return false;
            } else if (!each.succeeded()) {
                return false;
            } else {
                m_from = later(m_from, each.ending->finished);
            }
        }
        return true;
    }

    void runContainers() {
        bool allEnded = true;
        bool allWell = true;
        Moment finished = m_from;
        for (std::size_t i = 0; i < m_run.containers.size(); ++i) {
            ContainerRun& each = m_run.containers[i];
            sooner(m_next, advance(each, m_plan.containers[i], policyOf(m_pod.spec.containers[i], m_pod, false),
                                   m_timing, m_from, m_run.advanced, m_now));
            allEnded = allEnded && each.step == ContainerRun::Step::Ended;
            if (each.step != ContainerRun::Step::Ended) continue;
            allWell = allWell && each.succeeded();
            finished = later(finished, each.ending->finished);
        }
        // A container of its own policy may end for good where the Pod's would have it go on.
        if (allEnded && (allWell || policyOf(m_pod) == Restart::Never))
            end(allWell ? PodRun::Step::Succeeded : PodRun::Step::Failed, finished, 0);
    }

    bool begun() const {
        return std::ranges::any_of(m_run.containers,
                                   [](const auto& each) { return each.step != ContainerRun::Step::Waiting; });
    }

    // Sidecars end with the others.
    void end(PodRun::Step as, const Moment& when, int exitCode) {
        m_run.step = as;
        for (auto* list : {&m_run.init, &m_run.containers}) {
            for (auto& each : *list) {
                if (each.step == ContainerRun::Step::Running) each.end(exitCode, when);
            }
        }
    }

    static const Moment& later(const Moment& a, const Moment& b) { return a.steady < b.steady ? b : a; }

    PodRun& m_run;
    const RunPlan& m_plan;
    const corev1::Pod& m_pod;
    const Timing& m_timing;
    const Moment& m_now;
    Moment m_from = m_run.since;
    std::optional<base::SteadyTime> m_next;
};

ContainerRun resumed(const corev1::ContainerStatus& status, const Moment& now) {
    ContainerRun run;
    run.start = status.restartCount;
    run.started = now;
    const auto ended = [&](const corev1::ContainerStateTerminated& state, int start) {
        run.ending = ContainerRun::Ending{.started = now.at(state.startedAt.wall()),
                                          .finished = now.at(state.finishedAt.wall()),
                                          .exitCode = state.exitCode,
                                          .start = start,
                                          .reason = {},
                                          .message = {}};
        run.counted = run.ending->finished;
        run.earlyEnds = status.restartCount + 1;
    };
    if (status.state.running) {
        run.step = ContainerRun::Step::Running;
        run.started = now.at(status.state.running->startedAt.wall());
        run.startedUp = status.started.value_or(false);
        run.ready = status.ready;
        if (status.lastState.terminated) ended(*status.lastState.terminated, run.start - 1);
    } else if (status.state.terminated) {
        run.step = ContainerRun::Step::Ended;
        ended(*status.state.terminated, run.start);
        run.started = run.ending->started;
    } else if (status.lastState.terminated) {
        run.step = ContainerRun::Step::BackingOff;
        ended(*status.lastState.terminated, run.start);
        run.started = run.ending->started;
    }
    return run;
}

std::vector<ContainerRun> resumed(const std::vector<corev1::Container>& containers,
                                  const std::vector<corev1::ContainerStatus>& statuses, const Moment& now) {
    std::vector<ContainerRun> runs(containers.size());
    for (std::size_t i = 0; i < containers.size(); ++i) {
        const auto status = std::ranges::find(statuses, containers[i].name, &corev1::ContainerStatus::name);
        if (status != statuses.end()) runs[i] = resumed(*status, now);
    }
    return runs;
}

}  // namespace

void PodRun::setReadinessFails(bool fails) {
    for (auto& each : containers) each.readinessFails = fails;
}

PodRun newRun(const corev1::Pod& pod, const Moment& now) {
    PodRun run;
    run.since = run.seen = run.advanced = now;
    run.init.resize(pod.spec.initContainers.size());
    run.containers.resize(pod.spec.containers.size());
    return run;
}

PodRun resumed(const corev1::Pod& pod, const Moment& now) {
    PodRun run = newRun(pod, now);
    if (pod.status.startTime) run.seen = now.at(pod.status.startTime->wall());
    run.address = pod.status.podIP;
    run.reason = pod.status.reason;
    run.message = pod.status.message;
    run.init = resumed(pod.spec.initContainers, pod.status.initContainerStatuses, now);
    run.containers = resumed(pod.spec.containers, pod.status.containerStatuses, now);
    const auto begun = [](const ContainerRun& each) { return each.step != ContainerRun::Step::Waiting; };
    if (pod.status.phase == "Succeeded") {
        run.step = PodRun::Step::Succeeded;
    } else if (pod.status.phase == "Failed") {
        run.step = PodRun::Step::Failed;
    } else if (std::ranges::any_of(run.init, begun) || std::ranges::any_of(run.containers, begun)) {
        run.step = PodRun::Step::Running;
    }
    return run;
}

std::optional<base::SteadyTime> advance(PodRun& run, const RunPlan& plan, const corev1::Pod& pod, const Timing& timing,
                                        const Moment& now) {
    if (run.ended()) return std::nullopt;
    const auto next = Advance(run, plan, pod, timing, now).go();
    run.advanced = now;
    return next;
}

bool initialized(const corev1::Pod& pod, const PodRun& run) {
    if (pod.spec.initContainers.empty()) return true;
    // Once the others have begun it stays so, though a sidecar is restarted.
    const auto ran = [](const ContainerRun& each) {
        return each.step != ContainerRun::Step::Waiting && !(each.ending && !each.ending->reason.empty());
    };
    if (std::ranges::any_of(run.containers, ran)) return true;
    for (std::size_t i = 0; i < run.init.size(); ++i) {
        if (!(isSidecar(pod.spec.initContainers[i]) ? run.init[i].startedUp : run.init[i].succeeded())) return false;
    }
    return true;
}

base::Duration stopTakes(const PodRun& run, const RunPlan& plan) {
    base::Duration longest{};
    const auto consider = [&](const std::vector<ContainerRun>& runs, const std::vector<ContainerPlan>& plans) {
        for (std::size_t i = 0; i < runs.size(); ++i) {
            const base::Duration hook = runs[i].step == ContainerRun::Step::Running ? std::min(plans[i].stopHook, plan.grace) : base::Duration{};
            longest = std::max(longest, hook + std::min(plan.stopsAfter, plan.graceAfter(hook)));
        }
    };
    consider(run.init, plan.init);
    consider(run.containers, plan.containers);
    return longest;
}

void stop(PodRun& run, const RunPlan& plan, const corev1::Pod& pod, const Moment& now) {
    if (run.ended()) return;
    // Of a container that should have run and was never seen to a kubelet says that it does not know. Those whose turn
    // had not come stay waiting: the others of a Pod that is not initialized, and the last of its init containers.
    const auto begun = [](const ContainerRun& each) { return each.step != ContainerRun::Step::Waiting; };
    const auto turn = std::find_if(run.init.rbegin(), run.init.rend(), begun).base();
    const bool isInitialized = initialized(pod, run);
    const auto endOne = [&](ContainerRun& each, const ContainerPlan& planned, bool hadItsTurn) {
        const bool inTime = plan.stopsAfter <= plan.graceAfter(std::min(planned.stopHook, plan.grace));
        if (each.step == ContainerRun::Step::Running) each.end(inTime ? plan.stopExitCode : kKilled, now);
        if (each.step == ContainerRun::Step::Waiting && hadItsTurn) {
            each.end(kKilled, now);
            each.ending->reason = "ContainerStatusUnknown";
            each.ending->message = "The container could not be located when the pod was terminated";
        }
        if (each.step == ContainerRun::Step::BackingOff) each.step = ContainerRun::Step::Ended;
    };
    for (std::size_t i = 0; i < run.init.size(); ++i) endOne(run.init[i], plan.init[i], run.init.begin() + static_cast<std::ptrdiff_t>(i) < turn);
    for (std::size_t i = 0; i < run.containers.size(); ++i) endOne(run.containers[i], plan.containers[i], isInitialized);
    const bool well = std::ranges::all_of(run.containers, &ContainerRun::succeeded);
    run.step = well ? PodRun::Step::Succeeded : PodRun::Step::Failed;
}

}  // namespace qd::hollow
