#include "vmnodes/hollow/container_run.h"

#include <algorithm>
#include <utility>

namespace qd::hollow {
namespace {

constexpr int kKilled = 137;  // 128 + SIGKILL

// When and how the present start ends.
struct End {
    base::SteadyTime when;
    int exitCode;
};

void earlier(std::optional<End>& end, const End& other) {
    if (!end || other.when < end->when) end = other;
}

std::optional<End> endOf(const ContainerRun& run, const ContainerPlan& plan, const Moment& now) {
    std::optional<End> end;
    const auto planned = plan.run(run.start);
    if (planned.length) end = End{run.started.steady + *planned.length, planned.exitCode};
    if (plan.startupFails && plan.startupLimit > base::Duration(0) && !run.startedUp)
        earlier(end, {run.started.steady + plan.startupLimit, kKilled});
    if (plan.livenessFails && plan.hasLiveness && run.startedUp) earlier(end, {now.steady, kKilled});
    return end;
}

void start(ContainerRun& run, const Moment& when) {
    run.step = ContainerRun::Step::Running;
    run.started = when;
    run.startedUp = false;
    run.ready = false;
}

void probe(ContainerRun& run, const ContainerPlan& plan, const Moment& now) {
    const bool startupDue = run.started.steady + plan.startedAfter <= now.steady;
    run.startedUp = run.startedUp || (startupDue && !(plan.startupFails && plan.startupLimit > base::Duration(0)));
    const bool readyDue = run.started.steady + std::max(plan.readyAfter, plan.startedAfter) <= now.steady;
    run.ready = run.startedUp && readyDue && !plan.readinessFails && !run.readinessFails;
}

// The next time at which a probe may change its mind.
std::optional<base::SteadyTime> probeDue(const ContainerRun& run, const ContainerPlan& plan, const Moment& now) {
    for (const auto after : {plan.startedAfter, std::max(plan.readyAfter, plan.startedAfter)}) {
        if (run.started.steady + after > now.steady) return run.started.steady + after;
    }
    return std::nullopt;
}

void endOrRestart(ContainerRun& run, int exitCode, Restart restart, const Timing& timing, const Moment& when) {
    run.end(exitCode, when);
    if (restart == Restart::Never || (restart == Restart::OnFailure && exitCode == 0)) return;
    const bool longAgo = run.earlyEnds > 0 && when.steady - run.counted.steady > 2 * timing.longestBackoff;
    run.earlyEnds = longAgo ? 1 : run.earlyEnds + 1;
    run.counted = when;
    run.step = ContainerRun::Step::BackingOff;
}

}  // namespace

base::Duration ContainerRun::backoff(const Timing& timing) const {
    if (earlyEnds <= 1) return base::Duration(0);
    const int doublings = std::min(earlyEnds - 2, 16);
    return std::min(timing.longestBackoff, timing.firstBackoff * (std::int64_t{1} << doublings));
}

void ContainerRun::end(int exitCode, const Moment& when) {
    ending = Ending{.started = started, .finished = when, .exitCode = exitCode, .start = start};
    step = Step::Ended;
    startedUp = false;
    ready = false;
}

std::optional<base::SteadyTime> advance(ContainerRun& run, const ContainerPlan& plan, Restart restart,
                                        const Timing& timing, const Moment& from, const Moment& last,
                                        const Moment& now) {
    while (true) {
        switch (run.step) {
            case ContainerRun::Step::Ended:
                return std::nullopt;
            case ContainerRun::Step::Waiting:
                if (from.steady > now.steady) return from.steady;
                if (plan.imageMissing) {
                    run.imageMissing = true;
                    return std::nullopt;
                }
                // An image that somebody has mended is there from now on.
                start(run, std::exchange(run.imageMissing, false) ? now : from);
                break;
            case ContainerRun::Step::BackingOff: {
                const base::SteadyTime due = run.ending->finished.steady + run.backoff(timing);
                if (due > now.steady) return due;
                ++run.start;
                start(run, now.at(due));
                break;
            }
            case ContainerRun::Step::Running: {
                probe(run, plan, now);
                const auto end = endOf(run, plan, now);
                if (end && end->when <= now.steady) {
                    // A plan that has only just changed cannot end it in the past.
                    endOrRestart(run, end->exitCode, restart, timing,
                                 now.at(std::max({end->when, run.started.steady, std::min(last.steady, now.steady)})));
                    break;
                }
                auto next = probeDue(run, plan, now);
                if (end) next = next ? std::min(*next, end->when) : end->when;
                return next;
            }
        }
    }
}

}  // namespace qd::hollow
