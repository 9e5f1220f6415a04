#include "cluster/client/work_queue.h"

#include <algorithm>

namespace qd::client {
namespace {

constexpr base::Duration kFirstBackoff = std::chrono::milliseconds(5);
constexpr base::Duration kLongestBackoff = std::chrono::seconds(1000);

}  // namespace

struct WorkQueue::State : std::enable_shared_from_this<WorkQueue::State> {
    struct Waiting {
        base::SteadyTime due;
        base::Timer timer;
    };

    State(base::Executor& onExecutor, std::function<void()> ready) : executor(onExecutor), onReady(std::move(ready)) {}

    void add(const std::string& key, std::uint64_t cause);
    void addAfter(const std::string& key, base::Duration delay, std::uint64_t cause);

    base::Executor& executor;
    std::function<void()> onReady;
    mutable std::mutex mutex;
    std::deque<std::string> order;
    std::unordered_map<std::string, std::uint64_t> dirty;  // waiting to be worked on -> cause
    std::unordered_set<std::string> processing;
    std::unordered_map<std::string, int> failed;
    std::unordered_map<std::string, Waiting> waiting;
    bool closed = false;
};

WorkQueue::WorkQueue(base::Executor& executor, std::function<void()> onReady)
    : m_state(std::make_shared<State>(executor, std::move(onReady))) {}

WorkQueue::~WorkQueue() {
    std::unordered_map<std::string, State::Waiting> timers;
    std::lock_guard lock(m_state->mutex);
    m_state->closed = true;
    timers.swap(m_state->waiting);
}

void WorkQueue::State::add(const std::string& key, std::uint64_t cause) {
    {
        std::lock_guard lock(mutex);
        if (closed) return;
        auto [entry, isNew] = dirty.try_emplace(key, cause);
        entry->second = std::max(entry->second, cause);
        if (!isNew || processing.contains(key)) return;
        order.push_back(key);
    }
    onReady();
}

void WorkQueue::State::addAfter(const std::string& key, base::Duration delay, std::uint64_t cause) {
    if (delay <= base::Duration(0)) return add(key, cause);
    std::lock_guard lock(mutex);
    if (closed) return;
    const base::SteadyTime due = executor.clock().steady() + delay;
    Waiting& entry = waiting[key];
    if (entry.due != base::SteadyTime{} && entry.due <= due) return;  // an earlier one serves both
    entry.due = due;
    entry.timer = executor.postAfter(delay, [weak = weak_from_this(), key, cause] {
        const auto state = weak.lock();
        if (!state) return;
        {
            std::lock_guard inner(state->mutex);
            if (auto found = state->waiting.find(key); found != state->waiting.end()) {
                found->second.timer.detach();
                state->waiting.erase(found);
            }
        }
        state->add(key, cause);
    });
}

void WorkQueue::add(const std::string& key, std::uint64_t cause) { m_state->add(key, cause); }

void WorkQueue::addAfter(const std::string& key, base::Duration delay, std::uint64_t cause) {
    m_state->addAfter(key, delay, cause);
}

void WorkQueue::addRateLimited(const std::string& key, std::uint64_t cause) {
    int exponent = 0;
    {
        std::lock_guard lock(m_state->mutex);
        exponent = m_state->failed[key]++;
    }
    const auto factor = exponent >= 28 ? std::int64_t{1} << 28 : std::int64_t{1} << exponent;
    addAfter(key, std::min(kLongestBackoff, kFirstBackoff * factor), cause);
}

void WorkQueue::forget(const std::string& key) {
    std::lock_guard lock(m_state->mutex);
    m_state->failed.erase(key);
}

int WorkQueue::failures(const std::string& key) const {
    std::lock_guard lock(m_state->mutex);
    const auto found = m_state->failed.find(key);
    return found == m_state->failed.end() ? 0 : found->second;
}

std::optional<WorkQueue::Item> WorkQueue::take() {
    std::lock_guard lock(m_state->mutex);
    if (m_state->order.empty()) return std::nullopt;
    Item item{std::move(m_state->order.front()), 0};
    m_state->order.pop_front();
    const auto entry = m_state->dirty.find(item.key);
    item.cause = entry->second;
    m_state->dirty.erase(entry);
    m_state->processing.insert(item.key);
    return item;
}

void WorkQueue::done(const std::string& key) {
    {
        std::lock_guard lock(m_state->mutex);
        m_state->processing.erase(key);
        if (!m_state->dirty.contains(key)) return;
        m_state->order.push_back(key);
    }
    m_state->onReady();
}

std::size_t WorkQueue::size() const {
    std::lock_guard lock(m_state->mutex);
    return m_state->order.size();
}

}  // namespace qd::client
