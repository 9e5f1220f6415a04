#include "cluster/scheduler/scheduler.h"

#include <fmt/format.h>

#include <charconv>
#include <condition_variable>

#include "cluster/base/log.h"
#include "cluster/client/event_recorder.h"
#include "cluster/client/typed.h"
#include "cluster/scheduler/cache.h"
#include "cluster/scheduler/default_plugins.h"
#include "cluster/scheduler/failure_log.h"
#include "cluster/scheduler/pod_report.h"
#include "cluster/scheduler/scheduling_algorithm.h"
#include "cluster/scheduler/writer_pool.h"

namespace qd::scheduler {
namespace {

constexpr int kBatch = 32;  // Pods between two looks at what happened
constexpr std::size_t kMostPendingWrites = 4096;
constexpr base::Duration kSyncPoll = std::chrono::milliseconds(20);
constexpr std::size_t kLongestNote = 1024;  // of an event

enum class Standing : std::uint8_t { Gone, Waiting, Placed };

std::uint64_t revisionOf(const corev1::Pod& pod) {
    std::uint64_t revision = 0;
    const std::string& text = pod.metadata.resourceVersion;
    std::from_chars(text.data(), text.data() + text.size(), revision);
    return revision;
}

std::string shortened(std::string message) {
    constexpr std::string_view dots = " ...";
    if (message.size() > kLongestNote) message.replace(kLongestNote - dots.size(), std::string::npos, dots);
    return message;
}

}  // namespace

struct Scheduler::State : std::enable_shared_from_this<Scheduler::State> {
    State(client::Client& onClient, client::InformerFactory& factory, base::Executor& onExecutor, base::Random& source, Options given)
        : client(onClient),
          informers(factory),
          executor(onExecutor),
          options(std::move(given)),
          pods(factory.informer(client::resourceOf<corev1::Pod>())),
          nodes(factory.informer(client::resourceOf<corev1::Node>())),
          framework(defaultFramework(client, factory)),
          strand(onExecutor),
          writers(options.writerExecutor ? *options.writerExecutor : onExecutor, options.writers),
          events(client, onExecutor, options.name),
          queue(*framework, onExecutor.clock()),
          algorithm(*framework, source) {}

    void listen();
    void waitForSync();
    // Runs a task on the strand, unless the scheduler was stopped.
    void onStrand(base::Task task);

    // On the strand:
    Standing standing(const corev1::Pod* pod) const;
    void podChanged(const client::Ptr<corev1::Pod>& before, const client::Ptr<corev1::Pod>& after);
    void podPlaced(Standing was, const client::Ptr<corev1::Pod>& before, const client::Ptr<corev1::Pod>& after);
    void podGone(Standing was, const client::Ptr<corev1::Pod>& before);
    void nodeChanged(const client::Ptr<corev1::Node>& before, const client::Ptr<corev1::Node>& after);
    void kick();
    void run();
    void rearm();
    void scheduleOne(const QueuedPod& queued);
    void place(std::shared_ptr<CycleState> cycle, const QueuedPod& queued, const NodeInfo& node);
    void bound(CycleState& cycle, const PodInfoPtr& pod, const std::string& node, const Result<void>& outcome);
    void failed(const QueuedPod& queued, const SchedulingAlgorithm::Outcome& outcome);
    void report(const PodInfoPtr& pod, PodReport words);

    client::Client& client;
    client::InformerFactory& informers;
    base::Executor& executor;
    const Options options;
    client::Informer& pods;
    client::Informer& nodes;
    std::unique_ptr<Framework> framework;
    base::Strand strand;
    WriterPool writers;
    client::EventRecorder events;
    FailureLog failures;
    Metrics metrics;

    // Used on the strand only.
    Cache cache;
    SchedulingQueue queue;
    SchedulingAlgorithm algorithm;
    bool ready = false;
    bool running = false;

    mutable std::mutex mutex;
    std::condition_variable idle;
    bool stopped = false;
    bool busy = false;  // a task runs on the strand
    base::Timer syncTimer;
    base::Timer wakeTimer;
    SchedulingQueue::Sizes sizes;
};

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
            self->sizes = self->queue.sizes();
        }
        self->idle.notify_all();
    });
}

void Scheduler::State::listen() {
    pods.addHandler([weak = weak_from_this()](const api::ObjectPtr& before, const api::ObjectPtr& after) {
        const auto self = weak.lock();
        if (!self) return;
        self->onStrand([self = self.get(), before = client::as<corev1::Pod>(before), after = client::as<corev1::Pod>(after)] {
            self->podChanged(before, after);
            self->kick();
        });
    });
    nodes.addHandler([weak = weak_from_this()](const api::ObjectPtr& before, const api::ObjectPtr& after) {
        const auto self = weak.lock();
        if (!self) return;
        self->onStrand([self = self.get(), before = client::as<corev1::Node>(before), after = client::as<corev1::Node>(after)] {
            self->nodeChanged(before, after);
            self->kick();
        });
    });
}

void Scheduler::State::waitForSync() {
    if (informers.synced()) {
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

Standing Scheduler::State::standing(const corev1::Pod* pod) const {
    if (!pod || pod->status.phase == "Succeeded" || pod->status.phase == "Failed") return Standing::Gone;
    if (!pod->spec.nodeName.empty()) return Standing::Placed;
    return pod->spec.schedulerName == options.name ? Standing::Waiting : Standing::Gone;
}

void Scheduler::State::podChanged(const client::Ptr<corev1::Pod>& before, const client::Ptr<corev1::Pod>& after) {
    if (before && after && before->metadata.uid != after->metadata.uid) {
        podChanged(before, nullptr);
        return podChanged(nullptr, after);
    }
    const Standing was = standing(before.get());
    switch (standing(after.get())) {
        case Standing::Placed: return podPlaced(was, before, after);
        case Standing::Gone: return podGone(was, before);
        case Standing::Waiting: break;
    }
    auto info = makePodInfo(after, cache.classes());
    if (was == Standing::Waiting) {
        queue.update(before, std::move(info));
    } else {
        queue.add(std::move(info));
    }
}

void Scheduler::State::podPlaced(Standing was, const client::Ptr<corev1::Pod>& before, const client::Ptr<corev1::Pod>& after) {
    cache.setPod(makePodInfo(after, cache.classes()));
    if (was == Standing::Placed) {
        if (const Happening what = podChange(*before, *after); what != Happening::None) queue.moveFor({what, before, after});
        return;
    }
    queue.remove(after->metadata.uid);
    failures.erase(after->metadata.namespace_, after->metadata.name);
    queue.moveFor({Happening::PodAssigned, nullptr, after});
}

void Scheduler::State::podGone(Standing was, const client::Ptr<corev1::Pod>& before) {
    if (was == Standing::Gone) return;
    const std::string& uid = before->metadata.uid;
    const bool counted = cache.contains(uid);
    cache.removePod(uid);
    queue.remove(uid);
    failures.erase(before->metadata.namespace_, before->metadata.name);
    if (counted) queue.moveFor({Happening::PodRemoved, before, nullptr});
}

void Scheduler::State::nodeChanged(const client::Ptr<corev1::Node>& before, const client::Ptr<corev1::Node>& after) {
    if (!after) {
        cache.removeNode(before->metadata.name);
        return queue.moveFor({Happening::NodeRemoved, before, nullptr});
    }
    cache.setNode(after);
    const Happening what = before ? nodeChange(*before, *after) : Happening::NodeAdded;
    if (what != Happening::None) queue.moveFor({what, before, after});
}

void Scheduler::State::kick() {
    if (!ready || running || !queue.hasReady()) return;
    running = true;
    onStrand([this] { run(); });
}

void Scheduler::State::run() {
    const auto begun = executor.clock().steady();
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
    metrics.cycleMicroseconds += (executor.clock().steady() - begun).count();
    if (!drained) return onStrand([this] { run(); });
    running = false;
    rearm();
}

void Scheduler::State::rearm() {
    const auto next = queue.advance();
    kick();
    if (!next) return;
    auto timer = executor.postAfter(*next, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->onStrand([self = self.get()] { self->rearm(); });
    });
    std::lock_guard lock(mutex);
    wakeTimer = std::move(timer);
}

void Scheduler::State::scheduleOne(const QueuedPod& queued) {
    const corev1::Pod& pod = *queued.pod->pod;
    const client::CauseScope cause(revisionOf(pod));
    if (queued.pod->terminating()) {
        events.event(pod, "Warning", "FailedScheduling", fmt::format("skip schedule deleting pod: {}/{}", pod.metadata.namespace_, pod.metadata.name));
        return queue.done(queued.pod->uid());
    }
    if (cache.contains(queued.pod->uid())) return queue.done(queued.pod->uid());
    auto cycle = std::make_shared<CycleState>(framework->size());
    const auto outcome = algorithm.schedule(*cycle, *queued.pod, cache);
    if (outcome.node) {
        place(std::move(cycle), queued, *outcome.node);
    } else {
        failed(queued, outcome);
    }
}

void Scheduler::State::place(std::shared_ptr<CycleState> cycle, const QueuedPod& queued, const NodeInfo& node) {
    const PodInfoPtr pod = queued.pod;
    cache.assume(pod, node.name());
    Status status = framework->reserve(*cycle, *pod, node);
    if (status.ok()) status = framework->permit(*cycle, *pod, node);
    if (!status.ok()) {
        framework->unreserve(*cycle, *pod, node.name());
        SchedulingAlgorithm::Outcome refused;
        if (status.rejected()) {
            refused.diagnosis = std::make_shared<Diagnosis>();
            refused.diagnosis->allNodes = 1;
            refused.diagnosis->add(node.sharedName(), status);
        } else {
            refused.error = Error{Reason::InternalError, status.message()};
        }
        cache.forget(pod->uid());
        return failed(queued, refused);
    }
    writers.post([self = shared_from_this(), cycle = std::move(cycle), pod, node = node.name()] {
        const client::CauseScope cause(revisionOf(*pod->pod));
        auto outcome = self->framework->bind(*pod->pod, node);
        if (outcome) {
            ++self->metrics.scheduled;
            self->events.event(*pod->pod, "Normal", "Scheduled",
                               fmt::format("Successfully assigned {}/{} to {}", pod->pod->metadata.namespace_, pod->pod->metadata.name, node));
        }
        self->onStrand([raw = self.get(), cycle, pod, node, outcome = std::move(outcome)] {
            raw->bound(*cycle, pod, node, outcome);
            raw->kick();
        });
    });
}

void Scheduler::State::bound(CycleState& cycle, const PodInfoPtr& pod, const std::string& node, const Result<void>& outcome) {
    const std::string& uid = pod->uid();
    if (outcome) {
        queue.done(uid);
        return failures.erase(pod->pod->metadata.namespace_, pod->pod->metadata.name);
    }
    framework->unreserve(cycle, *pod, node);
    if (!cache.assumed(uid)) return;  // it was bound after all, or is gone
    cache.forget(uid);
    ++metrics.errors;
    base::logger("scheduler")->warn("binding {}/{} to {}: {}", pod->pod->metadata.namespace_, pod->pod->metadata.name, node, outcome.error().message);
    queue.returnAfterError(uid);
    queue.moveFor({Happening::PodRemoved, pod->pod, nullptr});
    report(pod, {"SchedulerError", outcome.error().message, ""});
    rearm();
}

void Scheduler::State::failed(const QueuedPod& queued, const SchedulingAlgorithm::Outcome& outcome) {
    const std::string& uid = queued.pod->uid();
    const corev1::Pod& pod = *queued.pod->pod;
    if (outcome.error) {
        ++metrics.errors;
        queue.returnAfterError(uid);
        return report(queued.pod, {"SchedulerError", outcome.error->message, ""});
    }
    ++metrics.unschedulable;
    const bool noNodes = outcome.diagnosis->allNodes == 0;
    const std::string message = noNodes ? "no nodes available to schedule pods" : outcome.diagnosis->message();
    failures.record(pod.metadata.namespace_, pod.metadata.name, {message, outcome.diagnosis, executor.clock().now(), queued.attempts});
    queue.returnUnschedulable(uid, outcome.diagnosis->rejectedBy);
    report(queued.pod, {"Unschedulable", message, outcome.nominatedNode});
}

void Scheduler::State::report(const PodInfoPtr& pod, PodReport words) {
    events.event(*pod->pod, "Warning", "FailedScheduling", shortened(words.message));
    writers.post([self = shared_from_this(), pod = pod->pod, words = std::move(words)] {
        const client::CauseScope cause(revisionOf(*pod));
        const auto patch = reportPatch(*pod, words, self->executor.clock().now());
        if (!patch) return;
        const auto done = client::Api<corev1::Pod>(self->client).patch(pod->metadata.namespace_, pod->metadata.name, client::PatchKind::Strategic, *patch, {}, "status");
        if (done || done.error().reason == Reason::NotFound) return;
        base::logger("scheduler")->warn("writing the status of {}/{}: {}", pod->metadata.namespace_, pod->metadata.name, done.error().message);
    });
}

Scheduler::Scheduler(client::Client& client, client::InformerFactory& informers, base::Executor& executor, base::Random& random, Options options)
    : m_state(std::make_shared<State>(client, informers, executor, random, std::move(options))) {
    m_state->listen();
}

Scheduler::~Scheduler() { stop(); }

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
}

std::optional<Failure> Scheduler::whyPending(const std::string& ns, const std::string& pod) const { return m_state->failures.find(ns, pod); }
const Metrics& Scheduler::metrics() const { return m_state->metrics; }

SchedulingQueue::Sizes Scheduler::queued() const {
    std::lock_guard lock(m_state->mutex);
    return m_state->sizes;
}

}  // namespace qd::scheduler
