#include "cluster/client/event_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "cluster/api/codec/json_text.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/base/log.h"
#include "cluster/client/typed.h"
#include "cluster/client/write_scope.h"

namespace qd::client {
namespace {

constexpr base::Duration kCountedUpWithin = std::chrono::minutes(10);
// From this many different messages on, Events that differ in nothing else share one.
constexpr std::size_t kSimilarMessages = 10;
constexpr double kBurst = 25;
constexpr base::Duration kRefill = std::chrono::minutes(5);
constexpr std::size_t kRemembered = 4096;
// How many names are tried for one Event: those of one instant may be taken by another recorder.
constexpr int kNameAttempts = 16;

struct Bucket {
    double tokens = kBurst;
    base::SteadyTime refilled{};
};

struct Known {
    std::string ns;
    std::string name;
    std::int32_t count = 1;
    base::SteadyTime last{};
};

struct Similar {
    std::set<std::string> messages;
    base::SteadyTime last{};
};

}  // namespace

struct EventRecorder::State : std::enable_shared_from_this<EventRecorder::State> {
    State(Client& onClient, base::Executor& onExecutor, std::string fromComponent, std::string fromHost)
        : client(onClient), executor(onExecutor), strand(onExecutor), component(std::move(fromComponent)), host(std::move(fromHost)) {}

    bool mayRecord(const std::string& objectKey);
    // "<object>.<nanoseconds in hexadecimal>". The clock has microseconds; a serial number tells Events within one apart.
    std::string nameFor(const std::string& object) {
        const auto nanoseconds = std::chrono::nanoseconds(executor.clock().now().time_since_epoch()).count();
        return fmt::format("{}.{:x}", object, nanoseconds + serial.fetch_add(1) % 1000);
    }
    void record(corev1::Event event);
    // The key under which the Event is counted up. An object that has said too many similar things gets them combined.
    std::string combine(corev1::Event& event);
    bool countUp(const std::string& key, const corev1::Event& event);

    Client& client;
    base::Executor& executor;
    base::Strand strand;
    const std::string component;
    const std::string host;

    std::atomic<std::int64_t> serial{0};
    std::mutex mutex;
    std::map<std::string, Bucket> buckets;  // by object
    std::map<std::string, Known> known;     // by everything but time; used on the strand only
    std::map<std::string, Similar> similar;  // by everything but time and message; used on the strand only
};

bool EventRecorder::State::mayRecord(const std::string& objectKey) {
    std::lock_guard lock(mutex);
    if (buckets.size() > kRemembered) buckets.clear();
    Bucket& bucket = buckets[objectKey];
    const base::SteadyTime now = executor.clock().steady();
    if (bucket.refilled != base::SteadyTime{}) {
        const double refills = std::chrono::duration<double>(now - bucket.refilled) / std::chrono::duration<double>(kRefill);
        bucket.tokens = std::min(kBurst, bucket.tokens + refills);
    }
    bucket.refilled = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
}

std::string EventRecorder::State::combine(corev1::Event& event) {
    const auto& about = event.involvedObject;
    const std::string key = fmt::format("{}|{}|{}|{}|{}|{}|{}", about.kind, about.namespace_, about.name, about.uid, about.fieldPath, event.type, event.reason);
    if (similar.size() > kRemembered) similar.clear();
    Similar& said = similar[key];
    const base::SteadyTime now = executor.clock().steady();
    if (now - said.last > kCountedUpWithin) said.messages.clear();
    said.last = now;
    said.messages.insert(event.message);
    if (said.messages.size() < kSimilarMessages) return key + "|" + event.message;
    said.messages.erase(said.messages.begin());
    event.message = "(combined from similar events): " + event.message;
    return key;
}

bool EventRecorder::State::countUp(const std::string& key, const corev1::Event& event) {
    const auto found = known.find(key);
    if (found == known.end()) return false;
    Known& earlier = found->second;
    const base::SteadyTime now = executor.clock().steady();
    if (now - earlier.last > kCountedUpWithin) return false;
    std::string patch = fmt::format(R"({{"count":{},"lastTimestamp":"{}","message":)", earlier.count + 1, event.lastTimestamp.toString());
    api::appendJsonString(patch, event.message);
    patch += '}';
    if (!Api<corev1::Event>(client).patch(earlier.ns, earlier.name, PatchKind::Merge, patch)) return false;
    ++earlier.count;
    earlier.last = now;
    return true;
}

void EventRecorder::State::record(corev1::Event event) {
    const std::string about = event.involvedObject.name;
    const std::string key = combine(event);
    if (countUp(key, event)) return;
    auto created = Api<corev1::Event>(client).create(event);
    for (int attempt = 1; !created && created.error().reason == Reason::AlreadyExists && attempt < kNameAttempts; ++attempt) {
        event.metadata.name = nameFor(about);
        created = Api<corev1::Event>(client).create(event);
    }
    if (!created) {
        base::logger("events")->debug("{} {}: {}", event.reason, event.message, created.error().message);
        return;
    }
    if (known.size() > kRemembered) known.clear();
    known[key] = {event.metadata.namespace_, (*created)->metadata.name, 1, executor.clock().steady()};
}

EventRecorder::EventRecorder(Client& client, base::Executor& executor, std::string component, std::string host)
    : m_state(std::make_shared<State>(client, executor, std::move(component), std::move(host))) {}

EventRecorder::~EventRecorder() = default;

void EventRecorder::event(const api::Object& about, const std::string& type, const std::string& reason,
                          const std::string& message, const std::string& fieldPath) {
    if (!m_state->mayRecord(about.metadata.uid + m_state->component)) return;
    const base::WallTime now = m_state->executor.clock().now();
    corev1::Event event;
    event.metadata.namespace_ = about.metadata.namespace_.empty() ? "default" : about.metadata.namespace_;
    event.metadata.name = m_state->nameFor(about.metadata.name);
    event.involvedObject.apiVersion = about.apiVersion();
    event.involvedObject.kind = about.kind();
    event.involvedObject.namespace_ = about.metadata.namespace_;
    event.involvedObject.name = about.metadata.name;
    event.involvedObject.uid = about.metadata.uid;
    event.involvedObject.resourceVersion = about.metadata.resourceVersion;
    event.involvedObject.fieldPath = fieldPath;
    event.type = type;
    event.reason = reason;
    event.message = message;
    event.source.component = m_state->component;
    event.source.host = m_state->host;
    event.reportingComponent = m_state->component;
    event.reportingInstance = m_state->host;
    event.firstTimestamp = api::Time(now);
    event.lastTimestamp = api::Time(now);
    event.count = 1;
    m_state->strand.post([weak = std::weak_ptr(m_state), event = std::move(event), cause = CauseScope::current()]() mutable {
        const CauseScope scope(cause);
        const WriteScope unawaited;  // the next one need not wait until this one is on disk
        if (const auto self = weak.lock()) self->record(std::move(event));
    });
}

}  // namespace qd::client
