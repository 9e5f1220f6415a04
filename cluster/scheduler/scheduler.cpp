#include "cluster/scheduler/scheduler.h"

#include "cluster/scheduler/scheduler_state.h"

namespace qd::scheduler {
namespace {

constexpr int kBatch = 32;  // Pods between two looks at what happened
constexpr std::size_t kMostPendingWrites = 4096;
constexpr base::Duration kSyncPoll = std::chrono::milliseconds(20);

}  // namespace

Scheduler::State::State(client::Client& onClient, client::InformerFactory& factory, base::Executor& onExecutor,
                        base::Random& source, Options given)
    : m_client(onClient),
      m_informers(factory),
      executor(onExecutor),
      m_random(source),
      m_storage(factory),
      strand(onExecutor),
      writers(given.writerExecutor ? *given.writerExecutor : onExecutor, given.writers),
      placementLog(given.placements),
      schedulerMetrics(given.metrics),
      placements(*placementLog),
      metrics(*schedulerMetrics),
      queue(profiles, onExecutor.clock(), given.configuration.backoff),
      algorithm(source) {
    for (const auto& profile : given.configuration.profiles) {
        profiles.add(profile.schedulerName, buildFramework(profile, *this));
        events.try_emplace(profile.schedulerName, onClient, onExecutor, profile.schedulerName);
    }
}

void Scheduler::State::onStrand(base::Task task) {
    strand.post([weak = weak_from_this(), task = std::move(task)]() mutable {
        const auto self = weak.lock();
        if (!self) return;
        {
            std::lock_guard lock(self->mutex);
            if (self->stopped) return;
            self->busy = true;
        }
        task();
        {
            std::lock_guard lock(self->mutex);
            self->busy = false;
        }
        self->metrics.setQueued(self->queue.sizes());
        self->idle.notify_all();
    });
}

void Scheduler::State::write(base::Task task) {
    writers.post([self = shared_from_this(), task = std::move(task)]() mutable { task(); });
}

base::Timer Scheduler::State::later(base::Duration delay, base::Task task) {
    return executor.postAfter(delay, [weak = weak_from_this(), task = std::move(task)]() mutable {
        if (const auto self = weak.lock()) self->onStrand(std::move(task));
    });
}

void Scheduler::State::event(const PodInfo& behalf, const api::Object& about, const std::string& type,
                             const std::string& reason, const std::string& message) {
    const auto recorder = events.find(behalf.pod->spec.schedulerName);
    if (recorder != events.end()) recorder->second.event(about, type, reason, message);
}

void Scheduler::State::reconsider(const std::string& uid, bool now) {
    queue.reconsider(uid, now);
    kick();
}

void Scheduler::State::waitForSync() {
    if (m_informers.synced()) {
        return onStrand([this] {
            ready = true;
            kick();
        });
    }
    auto timer = executor.postAfter(kSyncPoll, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->waitForSync();
    });
    std::lock_guard lock(mutex);
    if (!stopped) syncTimer = std::move(timer);
}

void Scheduler::State::kick() {
    if (!ready || running || !queue.hasReady()) return;
    running = true;
    onStrand([this] { run(); });
}

void Scheduler::State::run() {
    const int batch = executor.mayBlock() ? kBatch : 1;
    bool drained = false;
    for (int i = 0; i < batch && !drained; ++i) {
        // A binding that ends kicks again.
        const auto queued = writers.pending() < kMostPendingWrites ? queue.pop() : std::nullopt;
        if (queued) {
            scheduleOne(*queued);
        } else {
            drained = true;
        }
    }
    if (!drained) return onStrand([this] { run(); });
    running = false;
    rearm();
}

void Scheduler::State::rearm() {
    const auto next = queue.advance();
    kick();
    if (!next) return;
    auto timer = later(*next, [this] { rearm(); });
    std::lock_guard lock(mutex);
    wakeTimer = std::move(timer);
}

Scheduler::Scheduler(client::Client& client, client::InformerFactory& informers, base::Executor& executor,
                     base::Random& random, Options options)
    : m_state(std::make_shared<State>(client, informers, executor, random, std::move(options))) {
    m_state->listen();
}

Scheduler::~Scheduler() {
    stop();
}

void Scheduler::start() {
    m_state->executor.post([weak = std::weak_ptr(m_state)] {
        if (const auto self = weak.lock()) self->waitForSync();
    });
}

void Scheduler::stop() {
    base::Timer sync;
    base::Timer wake;
    {
        std::unique_lock lock(m_state->mutex);
        m_state->stopped = true;
        sync = std::move(m_state->syncTimer);
        wake = std::move(m_state->wakeTimer);
        if (m_state->executor.mayBlock()) m_state->idle.wait(lock, [this] { return !m_state->busy; });
    }
    m_state->writers.stop();
    std::unique_lock lock(m_state->mutex);
    if (m_state->executor.mayBlock()) m_state->idle.wait(lock, [this] { return m_state->binding == 0; });
}

const PlacementLog& Scheduler::placements() const {
    return m_state->placements;
}
const SchedulerMetrics& Scheduler::metrics() const {
    return m_state->metrics;
}

}  // namespace qd::scheduler
