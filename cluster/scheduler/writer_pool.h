// Runs tasks that block for a write on an executor, no more than so many at a time, in the order in which they came.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "cluster/base/executor.h"

namespace qd::scheduler {

class WriterPool {
public:
    WriterPool(base::Executor& executor, std::size_t atOnce) : m_state(std::make_shared<State>(executor, atOnce)) {}
    ~WriterPool() { stop(); }

    void post(base::Task task);
    // How many wait or run.
    std::size_t pending() const;
    // Drops those that have not begun and waits for the others, unless under simulation.
    void stop();

private:
    struct State : std::enable_shared_from_this<State> {
        State(base::Executor& onExecutor, std::size_t limit) : executor(onExecutor), atOnce(limit) {}
        void work();

        base::Executor& executor;
        const std::size_t atOnce;
        mutable std::mutex mutex;
        std::condition_variable idle;
        std::deque<base::Task> tasks;
        std::size_t running = 0;
        bool stopped = false;
    };
    std::shared_ptr<State> m_state;
};

}  // namespace qd::scheduler
