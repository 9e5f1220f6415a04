// kube-scheduler: gives every Pod without a node one.
//
// One strand owns the cache, the queue and the scheduling of one Pod after another; informers post what happens to it.
// A Pod that was placed counts on its node at once (it is assumed there) while its volumes and its binding are written
// by other threads, so that the next Pod does not wait for the disk. What each Pod was told when it was tried is kept
// for whoever asks why. Under simulation the same code runs deterministically.
#pragma once

#include <memory>
#include <string>

#include "cluster/base/random.h"
#include "cluster/client/informer.h"
#include "cluster/scheduler/config/configuration.h"
#include "cluster/scheduler/placement_log.h"
#include "cluster/scheduler/scheduler_metrics.h"
#include "cluster/scheduler/scheduling_queue.h"

namespace qd::scheduler {

struct Options {
    // The profiles: Pods of other schedulerNames are left alone.
    Configuration configuration = defaultConfiguration();
    // Given by those who read them without knowing the scheduler.
    std::shared_ptr<PlacementLog> placements = std::make_shared<PlacementLog>();
    std::shared_ptr<SchedulerMetrics> metrics = std::make_shared<SchedulerMetrics>();
    // How many bindings and reports are written at a time; in the same process they do not wait for the disk.
    std::size_t writers = 32;
    // Where they may block; null: the scheduler's executor.
    base::Executor* writerExecutor = nullptr;
};

class Scheduler {
public:
    // client: writes as the scheduler. Asks the factory for its informers: make it before the factory starts.
    Scheduler(client::Client& client, client::InformerFactory& informers, base::Executor& executor,
              base::Random& random, Options options = {});
    ~Scheduler();

    void start();  // Pods are placed once the informers have synced
    void stop();   // nothing is begun after this returns; waits for what runs, unless under simulation

    // Thread-safe.
    const PlacementLog& placements() const;
    const SchedulerMetrics& metrics() const;

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::scheduler
