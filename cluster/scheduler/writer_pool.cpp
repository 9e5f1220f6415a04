#include "cluster/scheduler/writer_pool.h"

namespace qd::scheduler {

void WriterPool::State::work() {
    while (true) {
        base::Task task;
        {
            std::lock_guard lock(mutex);
            if (tasks.empty()) {
                --running;
                idle.notify_all();
                return;
            }
            task = std::move(tasks.front());
            tasks.pop_front();
        }
        task();
        if (executor.mayBlock()) continue;
        executor.post([self = shared_from_this()] { self->work(); });  // the simulation interleaves after each
        return;
    }
}

void WriterPool::post(base::Task task) {
    {
        std::lock_guard lock(m_state->mutex);
        if (m_state->stopped) return;
        m_state->tasks.push_back(std::move(task));
        if (m_state->running >= m_state->atOnce) return;
        ++m_state->running;
    }
    m_state->executor.post([state = m_state] { state->work(); });
}

std::size_t WriterPool::pending() const {
    std::lock_guard lock(m_state->mutex);
    return m_state->tasks.size() + m_state->running;
}

void WriterPool::stop() {
    std::deque<base::Task> dropped;
    std::unique_lock lock(m_state->mutex);
    m_state->stopped = true;
    dropped.swap(m_state->tasks);
    if (m_state->executor.mayBlock()) m_state->idle.wait(lock, [this] { return m_state->running == 0; });
}

}  // namespace qd::scheduler
