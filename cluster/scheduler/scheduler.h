// kube-scheduler: gives every Pod without a node one.
//
// One strand owns the cache, the queue and the scheduling of one Pod after another; informers post what happens to it. A Pod
// that was placed counts on its node at once (it is assumed there) while its binding is written by other threads, so that
// the next Pod does not wait for the disk. What a Pod that fits nowhere was told is kept, node by node, for whoever asks why.
// Under simulation the same code runs deterministically.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "cluster/base/random.h"
#include "cluster/client/informer.h"
#include "cluster/scheduler/framework/diagnosis.h"
#include "cluster/scheduler/scheduling_queue.h"

namespace qd::scheduler {

struct Options {
    std::string name = "default-scheduler";  // the schedulerName of the Pods that are its own
    // Bindings and reports block for a commit; how many at a time.
    std::size_t writers = 32;
    // Where they block; null: the scheduler's executor.
    base::Executor* writerExecutor = nullptr;
};

struct Metrics {
    std::atomic<std::uint64_t> scheduled{0};
    std::atomic<std::uint64_t> unschedulable{0};
    std::atomic<std::uint64_t> errors{0};
    std::atomic<std::int64_t> cycleMicroseconds{0};  // spent in scheduling cycles
};

// Why a Pod was not placed when it was tried last.
struct Failure {
    std::string message;  // as in the Pod's condition
    // Node by node; null for Pods that were tried long ago, when many wait.
    std::shared_ptr<const Diagnosis> diagnosis;
    base::WallTime when{};
    int attempts = 0;
};

class Scheduler {
public:
    // client: writes as the scheduler. Asks the factory for its informers: make it before the factory starts.
    Scheduler(client::Client& client, client::InformerFactory& informers, base::Executor& executor, base::Random& random, Options options = {});
    ~Scheduler();

    void start();  // Pods are placed once the informers have synced
    void stop();   // nothing is begun after this returns; waits for what runs, unless under simulation

    // Thread-safe.
    std::optional<Failure> whyPending(const std::string& ns, const std::string& pod) const;
    const Metrics& metrics() const;
    SchedulingQueue::Sizes queued() const;

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::scheduler
