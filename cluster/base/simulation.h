// The simulated clock and executor: one thread, an order that the seed decides, time that jumps.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "cluster/base/executor.h"
#include "cluster/base/random.h"

namespace qd::base {

class SimulatedClock final : public Clock {
public:
    explicit SimulatedClock(WallTime start) : m_start(start) {}
    WallTime now() const override { return m_start + m_step + m_elapsed; }
    SteadyTime steady() const override { return SteadyTime(m_elapsed); }
    void advance(Duration by) { m_elapsed += by; }
    // Moves the wall clock alone, as an administrator or NTP would.
    void stepWall(Duration by) { m_step += by; }

private:
    WallTime m_start;
    Duration m_step{0};
    Duration m_elapsed{0};
};

// Not thread-safe: everything happens on the thread that calls run*().
class SimulatedExecutor final : public Executor {
public:
    // Two runs with the same seed and the same program do the same things in the same order.
    explicit SimulatedExecutor(std::uint64_t seed, WallTime start = WallTime(std::chrono::seconds(1'767'225'600)));

    void post(Task task) override;
    [[nodiscard]] Timer postAfter(Duration delay, Task task) override;
    const Clock& clock() const override { return m_clock; }
    bool mayBlock() const override { return false; }

    SimulatedClock& simulatedClock() { return m_clock; }
    Random& random() { return m_random; }

    // Runs everything that is due within `length` of simulated time and ends with the clock there.
    void runFor(Duration length);
    // Runs what is due now, without letting time pass, until nothing is; at most `limit` tasks. Returns how many ran.
    std::size_t runReady(std::size_t limit = std::numeric_limits<std::size_t>::max());
    // Runs until the condition holds or `limit` of simulated time has passed. Returns whether it holds.
    bool runUntil(const std::function<bool()>& condition, Duration limit);

private:
    struct Delayed {
        SteadyTime due;
        std::uint64_t order;
        std::shared_ptr<std::atomic<bool>> cancelled;
        Task task;
    };
    bool runOne();
    void promoteDue();
    SteadyTime nextDue() const;

    SimulatedClock m_clock;
    Random m_random;
    std::vector<Task> m_ready;
    std::vector<Delayed> m_delayed;  // a heap, the earliest first
    std::uint64_t m_nextOrder = 0;
};

}  // namespace qd::base
