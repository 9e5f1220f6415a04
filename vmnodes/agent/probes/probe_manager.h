// The probes of all running containers: when each is due, what its last results mean, who is told.
//
// A startup probe comes first; liveness and readiness probes begin when it has succeeded. A result counts when it has
// come as often in a row as its threshold says. After a failed liveness or startup probe nothing more is asked of that
// container: it is about to be replaced.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "vmnodes/agent/probes/probe_run.h"
#include "vmnodes/agent/sync/pod_context.h"

namespace qd::agent::probes {

struct ProbeSettings {
    // Added to every probe's timeoutSeconds: on an emulated machine starting a process alone takes seconds.
    std::chrono::seconds extraTimeout{0};
};

class ProbeManager final : public sync::ProbeSource {
public:
    using Run = std::function<ProbeAnswer(const corev1::Probe&, const corev1::Container&, const ProbeTarget&,
                                          std::chrono::seconds)>;
    // `run` makes one probe and blocks; `changed` is called, on some thread, with the uid of a Pod whose verdicts
    // changed.
    ProbeManager(base::Executor& executor, EventSink& events, Run run, std::function<void(const std::string&)> changed,
                 ProbeSettings settings);
    ~ProbeManager() override;

    void follow(const std::shared_ptr<const corev1::Pod>& pod, const sync::Observed& observed) override;
    void forget(const std::string& podUid) override;
    sync::ProbeTable verdicts(const std::string& podUid) override;

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::agent::probes
