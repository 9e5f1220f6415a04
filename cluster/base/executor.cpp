#include "cluster/base/executor.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <queue>
#include <string>
#include <vector>

namespace qd::base {
namespace {

void nameThisThread(const std::string& name) { pthread_setname_np(pthread_self(), name.substr(0, 15).c_str()); }

}  // namespace

struct Strand::State : std::enable_shared_from_this<Strand::State> {
    explicit State(Executor& onExecutor) : executor(onExecutor) {}

    void schedule() {
        executor.post([self = shared_from_this()] { self->run(); });
    }

    // Several in one go, for handing each to a thread costs more than many a task; but not so many that others wait for long.
    // Under simulation, one: other strands' tasks may come between any two.
    void run() {
        std::unique_lock lock(mutex);
        for (int left = executor.mayBlock() ? kInOneGo : 1; left > 0 && !tasks.empty(); --left) {
            Task task = std::move(tasks.front());
            tasks.pop_front();
            lock.unlock();
            task();
            task = nullptr;
            lock.lock();
        }
        scheduled = !tasks.empty();
        if (scheduled) schedule();
    }

    static constexpr int kInOneGo = 16;

    Executor& executor;
    std::mutex mutex;
    std::deque<Task> tasks;
    bool scheduled = false;
};

Strand::Strand(Executor& executor) : m_state(std::make_shared<State>(executor)) {}

void Strand::post(Task task) {
    std::lock_guard lock(m_state->mutex);
    m_state->tasks.push_back(std::move(task));
    if (!m_state->scheduled) {
        m_state->scheduled = true;
        m_state->schedule();
    }
}

struct ThreadPool::State {
    struct Delayed {
        SteadyTime due;
        std::uint64_t order;
        std::shared_ptr<std::atomic<bool>> cancelled;
        std::shared_ptr<Task> task;
        bool operator<(const Delayed& other) const {
            return due != other.due ? due > other.due : order > other.order;  // the earliest is on top
        }
    };

    std::mutex mutex;
    std::condition_variable ready;
    std::condition_variable timerChanged;
    std::deque<Task> tasks;
    std::priority_queue<Delayed> delayed;
    std::uint64_t nextOrder = 0;
    bool stopped = false;

    void work() {
        std::unique_lock lock(mutex);
        while (true) {
            ready.wait(lock, [&] { return stopped || !tasks.empty(); });
            if (stopped) return;
            Task task = std::move(tasks.front());
            tasks.pop_front();
            lock.unlock();
            task();
            task = nullptr;
            lock.lock();
        }
    }

    void keepTime(const Clock& clock) {
        std::unique_lock lock(mutex);
        while (!stopped) {
            if (delayed.empty()) {
                timerChanged.wait(lock);
                continue;
            }
            const SteadyTime due = delayed.top().due;
            if (clock.steady() < due) {
                timerChanged.wait_until(lock, std::chrono::steady_clock::time_point(due));
                continue;
            }
            Delayed item = delayed.top();
            delayed.pop();
            if (item.cancelled->load()) continue;
            tasks.push_back([item = std::move(item)] {
                if (!item.cancelled->load()) (*item.task)();
            });
            ready.notify_one();
        }
    }
};

ThreadPool::ThreadPool(const char* name, unsigned threads) : m_state(std::make_shared<State>()) {
    for (unsigned i = 0; i < threads; ++i) {
        m_threads.emplace_back([state = m_state, label = std::string(name) + "-" + std::to_string(i)] {
            nameThisThread(label);
            state->work();
        });
    }
    m_threads.emplace_back([state = m_state, label = std::string(name) + "-t", this] {
        nameThisThread(label);
        state->keepTime(m_clock);
    });
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
    std::deque<Task> dropped;
    {
        std::lock_guard lock(m_state->mutex);
        m_state->stopped = true;
        dropped.swap(m_state->tasks);
    }
    m_state->ready.notify_all();
    m_state->timerChanged.notify_all();
    for (auto& thread : m_threads) {
        if (thread.joinable()) thread.join();
    }
}

void ThreadPool::post(Task task) {
    {
        std::lock_guard lock(m_state->mutex);
        if (m_state->stopped) return;
        m_state->tasks.push_back(std::move(task));
    }
    m_state->ready.notify_one();
}

Timer ThreadPool::postAfter(Duration delay, Task task) {
    auto cancelled = std::make_shared<std::atomic<bool>>(false);
    bool isNext = false;
    {
        std::lock_guard lock(m_state->mutex);
        const std::uint64_t order = m_state->nextOrder++;
        m_state->delayed.push({m_clock.steady() + delay, order, cancelled, std::make_shared<Task>(std::move(task))});
        isNext = m_state->delayed.top().order == order;
    }
    if (isNext) m_state->timerChanged.notify_one();
    return Timer(std::move(cancelled));
}

Thread::Thread(const char* name, std::move_only_function<void(std::stop_token)> function)
    : m_thread([label = std::string(name), run = std::move(function)](std::stop_token stop) mutable {
          nameThisThread(label);
          run(std::move(stop));
      }) {}

}  // namespace qd::base
