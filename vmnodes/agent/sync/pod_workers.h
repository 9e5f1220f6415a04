// All Pods of the node: takes or refuses those that come, hands each Pod's news to its worker, and looks at the runtime to
// notice what changed by itself. Thread-safe.
//
// A Pod that comes is asked about once (cluster/api/placement/node_admission.h), after those that the node has taken
// before: those that run, or were begun in an earlier life of the agent, are not asked about. Static Pods are taken as they come.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "vmnodes/agent/sync/pod_worker.h"

namespace qd::agent::sync {

class PodWorkers {
public:
    explicit PodWorkers(PodContext& context) : m_context(context) {}
    ~PodWorkers();

    // A Pod that is to run here, new or changed. Where Pods are admitted, new ones wait for open().
    void update(std::shared_ptr<const corev1::Pod> pod);
    // The Pod's object is gone.
    void remove(const std::string& uid);
    void poke(const std::string& uid);
    // All Pods that were there before are known by update(). False: the runtime does not say what it runs; to be called again.
    bool open();
    bool isOpen() const;
    // Decides about Pods that wait, the oldest first. To be called when the node has changed.
    void admitWaiting();
    // Ends what an earlier life of the agent left: Pods that run, or have folders or control groups, and are not among
    // `known`. To be called once all Pods of the node are known.
    void endOrphans(const std::vector<std::string>& known);
    // Ends every Pod, for the node's shutdown. Pods that come from now on wait for the next start.
    void endAll(std::chrono::seconds grace);
    bool allOver() const;

    std::shared_ptr<PodWorker> find(const std::string& ns, const std::string& name) const;
    std::vector<std::shared_ptr<PodWorker>> all() const;

    // Looks at the runtime now and then (and at once when it reports an event) until stopped.
    void startWatching();
    void stopWatching();

private:
    void relist();
    bool mustWait(const corev1::Pod& pod) const;
    // The Pod's worker, made when there is none; the Pod waits no more. With m_mutex held.
    std::shared_ptr<PodWorker> workerOf(const std::shared_ptr<const corev1::Pod>& pod);
    // What the Pods use that were taken and are not over.
    api::placement::PodNeeds taken() const;
    std::vector<std::shared_ptr<const corev1::Pod>> waiting() const;
    void admit(const corev1::Pod& pod, const corev1::Node& node);

    PodContext& m_context;
    mutable std::mutex m_mutex;
    std::map<std::string, std::shared_ptr<PodWorker>> m_workers;             // by uid
    std::map<std::string, std::shared_ptr<const corev1::Pod>> m_waiting;     // by uid: not decided about yet
    std::set<std::string> m_taken;                                           // uids; those that are over too
    std::mutex m_deciding;                                                   // one decision at a time
    bool m_open = false;
    api::placement::RefusalPace m_pace;                                      // guarded by m_deciding
    base::Timer m_decideLater;                                               // guarded by m_deciding
    std::map<std::string, std::string> m_seen;                    // by Pod uid: what the runtime said last
    base::Thread m_events;
    base::Timer m_timer;
    bool m_watching = false;
};

}  // namespace qd::agent::sync
