#include "vmnodes/hollow/pod_run.h"

#include <algorithm>
#include <charconv>

#include "cluster/api/meta/time.h"

namespace qd::hollow {
namespace {

constexpr std::string_view kPrefix = "hollow.quarterdeck.dev/";

const std::string* annotation(const corev1::Pod& pod, std::string_view name) {
    const auto found = pod.metadata.annotations.find(std::string(kPrefix) + std::string(name));
    return found == pod.metadata.annotations.end() ? nullptr : &found->second;
}

std::optional<base::Duration> duration(const corev1::Pod& pod, std::string_view name) {
    const std::string* text = annotation(pod, name);
    if (!text) return std::nullopt;
    const auto parsed = api::Duration::parse(*text);
    if (!parsed) return std::nullopt;
    return std::chrono::duration_cast<base::Duration>(std::chrono::nanoseconds(parsed->nanoseconds));
}

base::Duration backoff(int restarts, const Timing& timing) {
    const int doublings = std::min(restarts, 16);
    return std::min(timing.longestBackoff, timing.firstBackoff * (std::int64_t{1} << doublings));
}

void step(PodRun& run, PodRun::Step to, base::WallTime when) {
    run.step = to;
    run.since = when;
}

void containersEnd(PodRun& run, const RunPlan& plan, const corev1::Pod& pod, base::WallTime when) {
    run.finished = when;
    run.ready = false;
    const std::string& policy = pod.spec.restartPolicy;
    if (policy == "Never" || (policy == "OnFailure" && plan.exitCode == 0)) {
        step(run, plan.exitCode == 0 ? PodRun::Step::Succeeded : PodRun::Step::Failed, when);
    } else {
        step(run, PodRun::Step::BackingOff, when);
    }
}

}  // namespace

RunPlan planOf(const corev1::Pod& pod, const Timing& timing) {
    RunPlan plan;
    plan.exitsAfter = duration(pod, "exits-after");
    if (!plan.exitsAfter && (pod.spec.restartPolicy == "Never" || pod.spec.restartPolicy == "OnFailure")) plan.exitsAfter = timing.jobRuns;
    if (const std::string* code = annotation(pod, "exit-code")) std::from_chars(code->data(), code->data() + code->size(), plan.exitCode);
    const std::int64_t grace = pod.metadata.deletionGracePeriodSeconds.value_or(pod.spec.terminationGracePeriodSeconds.value_or(30));
    plan.stopsAfter = std::min<base::Duration>(duration(pod, "stops-after").value_or(timing.stop), std::chrono::seconds(grace));
    for (const auto& container : pod.spec.containers) {
        if (container.readinessProbe) plan.readyAfter = std::max<base::Duration>(plan.readyAfter, std::chrono::seconds(container.readinessProbe->initialDelaySeconds));
    }
    const std::string* never = annotation(pod, "never-ready");
    plan.neverReady = never && *never == "true";
    return plan;
}

std::optional<base::WallTime> advance(PodRun& run, const RunPlan& plan, const corev1::Pod& pod, const Timing& timing, base::WallTime now) {
    while (true) {
        base::WallTime due{};
        switch (run.step) {
            case PodRun::Step::Succeeded:
            case PodRun::Step::Failed: return std::nullopt;
            case PodRun::Step::Creating:
                due = run.since + timing.start;
                if (due > now) return due;
                run.started = due;
                step(run, PodRun::Step::Running, due);
                break;
            case PodRun::Step::BackingOff:
                due = run.since + backoff(run.restarts, timing);
                if (due > now) return due;
                ++run.restarts;
                run.started = due;
                step(run, PodRun::Step::Running, due);
                break;
            case PodRun::Step::Running: {
                const base::WallTime readyAt = run.started + plan.readyAfter;
                const bool mayBeReady = !plan.neverReady && !run.readinessFails;
                run.ready = mayBeReady && readyAt <= now;
                if (plan.exitsAfter && run.started + *plan.exitsAfter <= now) {
                    containersEnd(run, plan, pod, run.started + *plan.exitsAfter);
                    break;
                }
                std::optional<base::WallTime> next;
                if (plan.exitsAfter) next = run.started + *plan.exitsAfter;
                if (mayBeReady && !run.ready) next = next ? std::min(*next, readyAt) : readyAt;
                return next;
            }
        }
    }
}

PodRun resumed(const corev1::Pod& pod, base::WallTime now) {
    PodRun run;
    run.since = now;
    run.seen = pod.status.startTime ? pod.status.startTime->wall() : now;
    run.address = pod.status.podIP;
    if (pod.status.phase == "Succeeded") run.step = PodRun::Step::Succeeded;
    if (pod.status.phase == "Failed") run.step = PodRun::Step::Failed;
    if (pod.status.phase != "Running" || pod.status.containerStatuses.empty()) return run;
    const auto& container = pod.status.containerStatuses.front();
    run.step = PodRun::Step::Running;
    run.restarts = container.restartCount;
    run.started = container.state.running ? container.state.running->startedAt.wall() : now;
    run.since = run.started;
    run.ready = container.ready;
    return run;
}

}  // namespace qd::hollow
