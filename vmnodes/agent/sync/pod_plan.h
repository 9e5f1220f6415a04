// What to do next for a Pod: a pure function of its spec, of what the runtime has of it, and of its probes.
//
// The rules are those of https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ and of kubelet's
// computePodActions: init containers one after another, each sidecar started in its turn and kept running, then all
// regular containers; a lost sandbox means that everything begins anew; a container that ended is started again as the
// restart policy says. How long to wait before that is not decided here (see back_off.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "vmnodes/agent/sync/observed.h"
#include "vmnodes/agent/sync/pod_facts.h"

namespace qd::agent::sync {

enum class Verdict { Unknown, Success, Failure };

// What the probes of one container say; Unknown before the first result.
struct ProbeVerdicts {
    Verdict startup = Verdict::Unknown;
    Verdict liveness = Verdict::Unknown;
    Verdict readiness = Verdict::Unknown;
};
using ProbeTable = std::map<std::string, ProbeVerdicts, std::less<>>;  // by container id

enum class KillReason { None, StartupProbe, LivenessProbe, Unknown, FailedPostStart };

struct Kill {
    std::string containerId;
    std::string name;
    std::string message;
    KillReason reason = KillReason::None;
};

struct PodPlan {
    bool killPod = false;  // stop all containers and the sandbox first
    bool createSandbox = false;
    std::uint32_t attempt = 0;  // of the sandbox to create
    std::string sandboxId;      // to use when none is created
    std::vector<Kill> kill;
    std::vector<ContainerRef>
        start;  // init containers and sidecars first; stop at an init container that fails to start
    std::vector<const corev1::EphemeralContainer*> startEphemeral;

    bool nothingToDo() const {
        return !killPod && !createSandbox && kill.empty() && start.empty() && startEphemeral.empty();
    }
};

PodPlan planPod(const corev1::Pod& pod, const Observed& observed, const ProbeTable& probes);

struct SandboxNeed {
    bool create = false;
    std::uint32_t attempt = 0;
    std::string id;  // the newest one
};
// Whether the Pod needs a (new) sandbox: none is ready, several are, its network mode changed, or it has no address.
SandboxNeed sandboxNeed(const corev1::Pod& pod, const Observed& observed);

// Whether a container that is not running is to be started (again).
bool shouldRestart(const corev1::Pod& pod, const corev1::Container& container, const Observed& observed);
// Whether some regular container was created at any time.
bool anyRegularContainerCreated(const corev1::Pod& pod, const Observed& observed);

}  // namespace qd::agent::sync
