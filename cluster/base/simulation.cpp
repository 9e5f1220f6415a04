#include "cluster/base/simulation.h"

#include <algorithm>

namespace qd::base {
namespace {

constexpr auto kLater = [](const auto& a, const auto& b) {
    return a.due != b.due ? a.due > b.due : a.order > b.order;
};

}  // namespace

SimulatedExecutor::SimulatedExecutor(std::uint64_t seed, WallTime start) : m_clock(start), m_random(seed) {}

void SimulatedExecutor::post(Task task) { m_ready.push_back(std::move(task)); }

Timer SimulatedExecutor::postAfter(Duration delay, Task task) {
    auto cancelled = std::make_shared<std::atomic<bool>>(false);
    m_delayed.push_back({m_clock.steady() + std::max(delay, Duration(0)), m_nextOrder++, cancelled, std::move(task)});
    std::push_heap(m_delayed.begin(), m_delayed.end(), kLater);
    return Timer(std::move(cancelled));
}

SteadyTime SimulatedExecutor::nextDue() const { return m_delayed.empty() ? SteadyTime::max() : m_delayed.front().due; }

void SimulatedExecutor::promoteDue() {
    while (nextDue() <= m_clock.steady()) {
        std::pop_heap(m_delayed.begin(), m_delayed.end(), kLater);
        Delayed item = std::move(m_delayed.back());
        m_delayed.pop_back();
        if (item.cancelled->load()) continue;
        m_ready.push_back([cancelled = std::move(item.cancelled), task = std::move(item.task)]() mutable {
            if (!cancelled->load()) task();
        });
    }
}

bool SimulatedExecutor::runOne() {
    promoteDue();
    if (m_ready.empty()) return false;
    // Any task that is ready may be the next one: this is where a seed explores interleavings.
    const std::size_t chosen = m_random.below(m_ready.size());
    Task task = std::move(m_ready[chosen]);
    m_ready.erase(m_ready.begin() + static_cast<std::ptrdiff_t>(chosen));
    task();
    return true;
}

std::size_t SimulatedExecutor::runReady(std::size_t limit) {
    std::size_t count = 0;
    while (count < limit && runOne()) ++count;
    return count;
}

void SimulatedExecutor::runFor(Duration length) {
    const SteadyTime end = m_clock.steady() + length;
    runUntil([] { return false; }, length);
    if (m_clock.steady() < end) m_clock.advance(end - m_clock.steady());
}

bool SimulatedExecutor::runUntil(const std::function<bool()>& condition, Duration limit) {
    const SteadyTime end = m_clock.steady() + limit;
    while (!condition()) {
        if (runOne()) continue;
        if (nextDue() > end) return false;
        m_clock.advance(nextDue() - m_clock.steady());
    }
    return true;
}

}  // namespace qd::base
