// How a whole Pod runs on a hollow node: its init containers one after another, sidecars beside them, then the others,
// and the end. Pure: everything follows from the plan and the time.
//
// Not told apart: a Pod's sandbox is there as soon as its containers may start, and images are always at hand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vmnodes/hollow/container_run.h"

namespace qd::hollow {

struct PodRun {
    enum class Step : std::uint8_t { Creating, Running, Succeeded, Failed };
    Step step = Step::Creating;
    Moment since = {};        // when its containers could be made from
    Moment seen = {};         // startTime
    Moment advanced = {};     // when steps were last taken
    std::string reason = {};  // why it failed, where its containers do not say so
    std::string message = {};
    std::string address = {};
    std::vector<ContainerRun> init;  // as in the spec, sidecars included
    std::vector<ContainerRun> containers;

    bool ended() const { return step == Step::Succeeded || step == Step::Failed; }
    void setReadinessFails(bool fails);
};

PodRun newRun(const corev1::Pod& pod, const Moment& now);
// The run of a Pod that a status from before tells of: containers go on where they were.
PodRun resumed(const corev1::Pod& pod, const Moment& now);

// Takes every step that is due. Returns when the next one is, if there is one.
std::optional<base::SteadyTime> advance(PodRun& run, const RunPlan& plan, const corev1::Pod& pod, const Timing& timing,
                                        const Moment& now);

// All init containers have ended well, all sidecars have started.
bool initialized(const corev1::Pod& pod, const PodRun& run);

// How long it takes to stop what runs: preStop hooks first, then the containers themselves, as far as the grace period goes.
base::Duration stopTakes(const PodRun& run, const RunPlan& plan);

// Stops what runs, because the Pod is deleted.
void stop(PodRun& run, const RunPlan& plan, const corev1::Pod& pod, const Moment& now);

}  // namespace qd::hollow
