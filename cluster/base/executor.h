// The only way in which code outside `base` runs something later or elsewhere.
//
// Executor is a pool of threads that runs tasks; Strand runs the tasks given to it one after another, in the order in
// which they were posted, on an executor. ThreadPool is the real executor. SimulatedExecutor (simulation.h) runs every
// task on the caller's thread in an order that a seed decides, over a clock that jumps to the next due task: a program
// built on these interfaces alone is deterministic under it.
//
// Tasks must not throw. Blocking inside a task is allowed on a ThreadPool only for a bounded time (a commit, a request);
// nothing may block under simulation.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "cluster/base/time.h"

namespace qd::base {

using Task = std::move_only_function<void()>;

// Cancels a delayed task when destroyed or when asked to. After cancel() returns the task has not begun and never will,
// or it had begun already: cancel() does not wait for it.
class Timer {
public:
    Timer() = default;
    explicit Timer(std::shared_ptr<std::atomic<bool>> cancelled) : m_cancelled(std::move(cancelled)) {}
    Timer(Timer&&) = default;
    Timer& operator=(Timer&& other) noexcept {
        cancel();
        m_cancelled = std::move(other.m_cancelled);
        return *this;
    }
    ~Timer() { cancel(); }
    void cancel() {
        if (m_cancelled) m_cancelled->store(true);
        m_cancelled.reset();
    }
    // Lets the task run although this handle goes.
    void detach() { m_cancelled.reset(); }

private:
    std::shared_ptr<std::atomic<bool>> m_cancelled;
};

class Executor {
public:
    virtual ~Executor() = default;

    // Runs the task as soon as a thread is free. Thread-safe; never runs it before post() returns.
    virtual void post(Task task) = 0;
    // Runs the task once the delay has passed, unless the timer is cancelled or destroyed before.
    [[nodiscard]] virtual Timer postAfter(Duration delay, Task task) = 0;
    virtual const Clock& clock() const = 0;
    // Whether a task may wait for another one; false under simulation.
    virtual bool mayBlock() const = 0;
};

// Runs its tasks one at a time and in order. Tasks that are waiting when it is destroyed still run.
class Strand {
public:
    explicit Strand(Executor& executor);
    void post(Task task);

private:
    struct State;
    std::shared_ptr<State> m_state;
};

// `threads` threads and a timer thread. stop() and the destructor drop tasks that have not begun and join.
class ThreadPool final : public Executor {
public:
    // name: shown by debuggers, at most 12 characters.
    ThreadPool(const char* name, unsigned threads);
    ~ThreadPool() override;

    void post(Task task) override;
    [[nodiscard]] Timer postAfter(Duration delay, Task task) override;
    const Clock& clock() const override { return m_clock; }
    bool mayBlock() const override { return true; }
    void stop();

private:
    struct State;
    SystemClock m_clock;
    std::shared_ptr<State> m_state;
    std::vector<std::jthread> m_threads;
};

// A named thread of one's own, for the few that wait inside a library (a database writer, a libvirt event loop).
// The function is given a stop token. The destructor asks it to stop and joins.
class Thread {
public:
    Thread() = default;
    Thread(const char* name, std::move_only_function<void(std::stop_token)> function);
    void requestStop() { m_thread.request_stop(); }
    void join() {
        if (m_thread.joinable()) m_thread.join();
    }

private:
    std::jthread m_thread;
};

}  // namespace qd::base
