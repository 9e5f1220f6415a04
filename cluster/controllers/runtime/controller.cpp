#include "cluster/controllers/runtime/controller.h"

#include <charconv>
#include <condition_variable>
#include <mutex>

#include "cluster/base/log.h"
#include "cluster/base/thread_time.h"
#include "cluster/controllers/runtime/pacing.h"

namespace qd::controllers {
namespace {

constexpr base::Duration kSyncPoll = std::chrono::milliseconds(20);

}  // namespace

std::string keyOf(const api::Object& object) {
    if (object.metadata.namespace_.empty()) return object.metadata.name;
    return object.metadata.namespace_ + "/" + object.metadata.name;
}

std::pair<std::string, std::string> splitKey(const std::string& key) {
    const auto slash = key.find('/');
    if (slash == std::string::npos) return {"", key};
    return {key.substr(0, slash), key.substr(slash + 1)};
}

std::uint64_t revisionOf(const api::Object& object) {
    std::uint64_t revision = 0;
    const std::string& text = object.metadata.resourceVersion;
    std::from_chars(text.data(), text.data() + text.size(), revision);
    return revision;
}

void Keys::add(const std::string& key, const api::Object& because) { add(key, revisionOf(because)); }

bool isEnabled(const std::vector<std::string>& list, const Descriptor& descriptor) {
    bool star = false;
    for (const auto& entry : list) {
        if (entry == descriptor.name || entry == descriptor.alias) return true;
        if (entry.starts_with('-') && (entry.substr(1) == descriptor.name || entry.substr(1) == descriptor.alias)) return false;
        if (entry == "*") star = true;
    }
    return star && descriptor.onByDefault;
}

struct Runner::State : std::enable_shared_from_this<Runner::State>, Keys {
    State(const Descriptor& of, std::unique_ptr<client::Client> as, client::InformerFactory& factory,
          base::Executor& onExecutor, base::Random& source)
        : descriptor(of),
          client(std::move(as)),
          informers(factory),
          executor(onExecutor),
          random(source),
          events(*client, executor, std::string(of.eventSource.empty() ? of.name : of.eventSource)),
          queue(executor, [this] { schedule(); }),
          context{*client, informers, executor, random, events, *this} {}

    void add(const std::string& key, std::uint64_t cause) override { queue.add(key, cause); }
    void addAfter(const std::string& key, base::Duration delay) override { queue.addAfter(key, delay); }

    void waitForSync();
    // Starts as many workers as there are keys and room.
    void schedule();
    void work();
    void syncOne(const client::WorkQueue::Item& item);
    void rest(const std::string& key, base::Duration used);

    const Descriptor descriptor;
    std::unique_ptr<client::Client> client;
    client::InformerFactory& informers;
    base::Executor& executor;
    base::Random& random;
    client::EventRecorder events;
    client::WorkQueue queue;
    Context context;
    std::unique_ptr<Controller> controller;
    Metrics metrics;

    std::mutex mutex;
    std::condition_variable idle;
    unsigned running = 0;
    unsigned steps = 0;
    bool started = false;
    bool paused = false;
    bool stopped = false;
    base::Timer syncTimer;
};

void Runner::State::waitForSync() {
    {
        std::lock_guard lock(mutex);
        if (stopped) return;
    }
    if (!informers.synced()) {
        auto timer = executor.postAfter(kSyncPoll, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->waitForSync();
        });
        std::lock_guard lock(mutex);
        syncTimer = std::move(timer);
        return;
    }
    controller->ready();
    {
        std::lock_guard lock(mutex);
        started = true;
    }
    for (unsigned i = 0; i < descriptor.workers; ++i) schedule();
}

void Runner::State::schedule() {
    std::lock_guard lock(mutex);
    if (!started || stopped || (paused && steps == 0) || running >= descriptor.workers) return;
    ++running;
    executor.post([self = shared_from_this()] { self->work(); });
}

void Runner::State::work() {
    while (true) {
        {
            std::lock_guard lock(mutex);
            if (stopped || (paused && steps == 0)) break;
        }
        const auto item = queue.take();
        if (!item) break;
        {
            std::lock_guard lock(mutex);
            if (paused && steps > 0) --steps;
        }
        syncOne(*item);
        if (!executor.mayBlock()) break;  // the simulation interleaves after each sync
    }
    bool more = false;
    {
        std::lock_guard lock(mutex);
        --running;
        more = queue.size() > 0;
    }
    idle.notify_all();
    if (more) schedule();
}

void Runner::State::syncOne(const client::WorkQueue::Item& item) {
    const client::CauseScope cause(item.cause);
    const auto begun = executor.clock().steady();
    // Under simulation nothing takes time.
    const auto used = [this] { return executor.mayBlock() ? base::threadTime() : base::Duration(0); };
    const auto usedBefore = used();
    const auto outcome = controller->sync(item.key);
    metrics.busyMicroseconds += (executor.clock().steady() - begun).count();
    ++metrics.syncs;
    if (outcome) {
        queue.forget(item.key);
        if (outcome->again > base::Duration(0)) queue.addAfter(item.key, outcome->again);
    } else {
        ++metrics.failures;
        base::logger(std::string(descriptor.name))->debug("{}: {}", item.key, outcome.error().message);
        queue.addRateLimited(item.key, item.cause);
    }
    rest(item.key, used() - usedBefore);
}

void Runner::State::rest(const std::string& key, base::Duration used) {
    const base::Duration rest = restAfter(used);
    if (rest == base::Duration(0)) return queue.done(key);
    executor
        .postAfter(rest, [weak = weak_from_this(), key] {
            if (const auto self = weak.lock()) self->queue.done(key);
        })
        .detach();
}

Runner::Runner(const Descriptor& descriptor, std::unique_ptr<client::Client> client, client::InformerFactory& informers,
               base::Executor& executor, base::Random& random)
    : m_state(std::make_shared<State>(descriptor, std::move(client), informers, executor, random)) {
    m_state->controller = descriptor.make(m_state->context);
}

Runner::~Runner() { stop(); }

void Runner::start() {
    m_state->executor.post([weak = std::weak_ptr(m_state)] {
        if (const auto self = weak.lock()) self->waitForSync();
    });
}

void Runner::stop() {
    base::Timer timer;
    std::unique_lock lock(m_state->mutex);
    m_state->stopped = true;
    timer = std::move(m_state->syncTimer);
    if (m_state->executor.mayBlock()) {
        m_state->idle.wait(lock, [&] { return m_state->running == 0; });
    }
}

std::string_view Runner::name() const { return m_state->descriptor.name; }
const Metrics& Runner::metrics() const { return m_state->metrics; }
std::size_t Runner::queued() const { return m_state->queue.size(); }

void Runner::pause(bool paused) {
    {
        std::lock_guard lock(m_state->mutex);
        m_state->paused = paused;
    }
    m_state->schedule();
}

void Runner::step() {
    {
        std::lock_guard lock(m_state->mutex);
        ++m_state->steps;
    }
    m_state->schedule();
}

}  // namespace qd::controllers
