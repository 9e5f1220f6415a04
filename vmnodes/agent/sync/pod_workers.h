// All Pods of the node: hands each Pod's news to its worker, and looks at the runtime to notice what changed by itself.
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "vmnodes/agent/sync/pod_worker.h"

namespace qd::agent::sync {

class PodWorkers {
public:
    explicit PodWorkers(PodContext& context) : m_context(context) {}
    ~PodWorkers();

    // A Pod that is to run here, new or changed.
    void update(std::shared_ptr<const corev1::Pod> pod);
    // The Pod's object is gone.
    void remove(const std::string& uid);
    void poke(const std::string& uid);
    // Ends what an earlier life of the agent left: Pods that run, or have folders or control groups, and are not among
    // `known`. To be called once all Pods of the node are known.
    void endOrphans(const std::vector<std::string>& known);
    // Ends every Pod, for the node's shutdown.
    void endAll(std::chrono::seconds grace);
    bool allOver() const;

    std::shared_ptr<PodWorker> find(const std::string& ns, const std::string& name) const;
    std::vector<std::shared_ptr<PodWorker>> all() const;

    // Looks at the runtime now and then (and at once when it reports an event) until stopped.
    void startWatching();
    void stopWatching();

private:
    void relist();

    PodContext& m_context;
    mutable std::mutex m_mutex;
    std::map<std::string, std::shared_ptr<PodWorker>> m_workers;  // by uid
    std::map<std::string, std::string> m_seen;                    // by Pod uid: what the runtime said last
    base::Thread m_events;
    base::Timer m_timer;
    bool m_watching = false;
};

}  // namespace qd::agent::sync
