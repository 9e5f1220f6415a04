// How a Pod's containers run on a hollow node, where nothing really runs: a plan over time.
//
// Containers start after a delay and run until the Pod is deleted. A Pod that is not to be restarted (restartPolicy Never or
// OnFailure, a Job's) ends well after a while. Annotations of the Pod say otherwise:
//
//     hollow.quarterdeck.dev/exits-after: 5s        each container ends this long after it started
//     hollow.quarterdeck.dev/exit-code: "1"         and so
//     hollow.quarterdeck.dev/stops-after: 30s       how long it takes to stop when deleted (never longer than its grace)
//     hollow.quarterdeck.dev/never-ready: "true"
#pragma once

#include <optional>
#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::hollow {

struct Timing {
    base::Duration start = std::chrono::milliseconds(200);  // from being seen to running
    base::Duration stop = std::chrono::milliseconds(100);   // from being deleted to gone
    base::Duration jobRuns = std::chrono::seconds(3);       // Pods that are not to be restarted
    base::Duration firstBackoff = std::chrono::seconds(10); // of containers that end though they should not
    base::Duration longestBackoff = std::chrono::minutes(5);
};

// What the Pod asks for, of its spec and annotations.
struct RunPlan {
    std::optional<base::Duration> exitsAfter;
    int exitCode = 0;
    base::Duration stopsAfter{};
    base::Duration readyAfter{};  // the longest initial delay of its readiness probes
    bool neverReady = false;
};
RunPlan planOf(const corev1::Pod& pod, const Timing& timing);

// Where it is.
struct PodRun {
    enum class Step : std::uint8_t { Creating, Running, BackingOff, Succeeded, Failed };
    Step step = Step::Creating;
    base::WallTime since{};    // of this step
    base::WallTime seen{};     // startTime
    base::WallTime started{};  // of the containers that run or ran last
    base::WallTime finished{};
    int restarts = 0;
    bool ready = false;
    bool readinessFails = false;  // asked for from outside
    std::string address;

    bool ended() const { return step == Step::Succeeded || step == Step::Failed; }
};

// Takes every step that is due. Returns when the next one is, if there is one.
std::optional<base::WallTime> advance(PodRun& run, const RunPlan& plan, const corev1::Pod& pod, const Timing& timing, base::WallTime now);

// The run of a Pod that a status from before tells of: containers go on where they were.
PodRun resumed(const corev1::Pod& pod, base::WallTime now);

}  // namespace qd::hollow
