// What the containers of a Pod do on a hollow node, where nothing really runs.
//
// Containers start after a delay. Where their command can be followed (command_line.h), they run and end as it says;
// others run until the Pod is deleted, those of a Pod that is not to be restarted (restartPolicy Never or OnFailure, a
// Job's) end well after a while, and init containers at once. Annotations of the Pod say otherwise for its containers, init containers left out:
//
//     hollow.quarterdeck.dev/exits-after: 5s        each container ends this long after it started
//     hollow.quarterdeck.dev/exit-code: "1"         and so
//     hollow.quarterdeck.dev/stops-after: 30s       how long it takes to stop when deleted; beyond its grace it is
//     killed hollow.quarterdeck.dev/never-ready: "true"
//
// A script (script.h) says it with more detail, and has the last word.
#pragma once

#include <optional>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::hollow {

struct Timing {
    base::Duration start = std::chrono::milliseconds(200);  // from being seen to running
    base::Duration stop = std::chrono::milliseconds(100);   // from being deleted to gone
    base::Duration jobRuns = std::chrono::seconds(3);       // Pods that are not to be restarted
    // Of containers that end and are started again: the first time at once, then with these pauses, doubled each time.
    // Who has run for twice the longest one begins anew. As a kubelet does.
    base::Duration firstBackoff = std::chrono::seconds(10);
    base::Duration longestBackoff = std::chrono::minutes(5);
};

struct ContainerPlan {
    struct Run {
        std::optional<base::Duration> length;  // none: until it is stopped
        int exitCode = 0;
    };
    std::vector<Run> runs;          // one a start, the last one again and again; none: until it is stopped
    base::Duration startedAfter{};  // its startup probe succeeds this long after the start,
    base::Duration startupLimit{};  // or the container is killed, if it fails
    base::Duration readyAfter{};    // its readiness probe
    base::Duration stopHook{};      // how long its preStop hook takes
    bool imageMissing = false;      // it cannot be pulled: the container never starts
    bool hasLiveness = false;
    bool startupFails = false;
    bool readinessFails = false;
    bool livenessFails = false;

    // Of the start of that number, from 0.
    Run run(int start) const;
};

struct RunPlan {
    base::Duration startsAfter{};     // from being seen to the first container
    base::Duration stopsAfter{};      // how long containers would take to stop, hooks apart
    base::Duration grace{};           // how long they may
    int stopExitCode = 0;             // of containers that stop in time
    std::vector<ContainerPlan> init;  // as spec.initContainers, sidecars included
    std::vector<ContainerPlan> containers;

    // How long a container may take to stop whose hook has run that long: what is left of the grace period, and a moment
    // in any case.
    base::Duration graceAfter(base::Duration hook) const;
};

// Of the Pod's spec and annotations. An annotation that cannot be read counts as absent.
RunPlan planOf(const corev1::Pod& pod, const Timing& timing);

// An init container that runs along with the others.
inline bool isSidecar(const corev1::Container& container) {
    return container.restartPolicy == "Always";
}

}  // namespace qd::hollow
