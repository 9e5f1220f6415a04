// The life of one Pod on this node.
//
// A worker looks at what the runtime has, plans (pod_plan.h), acts, and reports; then it does so again whenever
// something changed or a wait is over. It decides from what it sees each time, so that a restart of the agent, a lost
// event or a failed call cost a repetition and nothing else. All of its work happens on one strand; killing containers,
// which takes as long as their grace period, happens beside it.
#pragma once

#include <atomic>
#include <map>
#include <memory>

#include "cluster/api/placement/node_admission.h"
#include "vmnodes/agent/sync/pod_context.h"

namespace qd::agent::sync {

class PodWorker : public std::enable_shared_from_this<PodWorker> {
public:
    PodWorker(PodContext& context, std::shared_ptr<const corev1::Pod> pod);

    // A new version of the Pod's object. Thread-safe, as are the following.
    void update(std::shared_ptr<const corev1::Pod> pod);
    // The object is gone: the Pod ends now, within its grace period, and then leaves nothing behind.
    void remove();
    // Ends the Pod within at most this time but keeps its object: the node shuts down, or runs out of something.
    void evict(std::string reason, std::string message, std::chrono::seconds grace);
    // The Pod is never begun; it is reported as failed. To be called before the first update().
    void refuse(api::placement::Refusal refusal);
    // Something may have changed.
    void poke();

    // Nothing of the Pod is left and its object is gone: the worker may be dropped.
    bool isGone() const { return m_gone; }
    // Nothing of it runs any more, and nothing will.
    bool isOver() const { return m_over; }
    // It has looked at the runtime: observed() says what there is.
    bool isObserved() const { return m_seen; }
    // Whether it uses its node: it runs, or is going to.
    bool isActive() const;
    std::shared_ptr<const corev1::Pod> pod() const;
    // The status as it was reported last.
    corev1::PodStatus status() const;
    Observed observed() const;

private:
    struct Killing {
        std::int64_t grace = 0;
        base::Timer timer;  // waits for a preStop sleep
    };

    void sync();
    void syncOnce();
    void resyncAfter(base::Duration delay);
    bool shouldEnd(const Observed& observed);
    void keepRunning(const Observed& before);
    void end(Observed observed);
    void finishEnding(const Observed& observed);
    void cleanUp(const Observed& observed);
    bool stopSandboxes(const Observed& observed);
    bool prepare(const Observed& observed);
    bool createSandbox(const PodPlan& plan, Observed& observed);
    void startContainers(const PodPlan& plan, const Observed& observed, const std::string& sandboxId,
                         std::uint32_t attempt);
    bool startOne(const ContainerRef& ref, const std::string& target, const Observed& observed,
                  const std::string& sandboxId, const cri::SandboxConfig& sandbox);
    bool mustWait(const corev1::Container& container, const Observed& observed);
    void kill(const Kill& kill, std::int64_t grace);
    void stopAfterHook(const std::string& id, const std::string& name, std::int64_t grace);
    std::int64_t graceOf(const Kill& kill) const;
    std::int64_t remainingGrace() const;
    corev1::PodStatus statusNow(const Observed& observed) const;
    void report(const Observed& observed);
    void sendStatus();
    void deleteObject();
    api::downward::DownwardFacts facts(const Observed& observed) const;

    PodContext& m_context;
    base::Strand m_strand;
    // What is told to the API server, which may be away for long: nothing on m_strand waits for it.
    base::Strand m_reports;
    std::atomic<bool> m_poked = false;
    std::atomic<bool> m_gone = false;
    std::atomic<bool> m_over = false;
    std::atomic<bool> m_seen = false;

    // For the accessors.
    mutable std::mutex m_mutex;
    std::shared_ptr<const corev1::Pod> m_pod;
    corev1::PodStatus m_status;
    Observed m_observed;
    std::optional<corev1::PodStatus> m_unreported;  // the newest status that the server has not taken

    // On the strand only.
    bool m_removed = false;
    bool m_ending = false;
    bool m_deleting = false;  // the object's deletion is being asked for, or was
    std::optional<std::pair<std::string, std::string>> m_eviction;
    std::optional<std::int64_t> m_graceOverride;
    std::optional<api::placement::Refusal> m_refusal;
    base::SteadyTime m_endingSince{};
    std::map<std::string, Killing> m_killing;  // by container id
    StartFailures m_failures;
    BackOff m_crashes{std::chrono::seconds(10), std::chrono::seconds(300)};
    BackOff m_retries{std::chrono::milliseconds(500), std::chrono::seconds(120)};
    std::map<std::string, base::Duration> m_saidBackOff;
    volumes::SetUp m_volumes;
    bool m_volumesReady = false;
    base::SteadyTime m_volumesChecked{};
    base::Timer m_timer;
    base::SteadyTime m_timerDue{};
    bool m_everReported = false;
};

}  // namespace qd::agent::sync
