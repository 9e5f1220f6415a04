#include <algorithm>
#include <charconv>
#include <mutex>

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/handlers/selection.h"
#include "cluster/apiserver/options.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver::handlers {
namespace {

constexpr base::Duration kBookmarkInterval = std::chrono::minutes(1);
// A watch without timeoutSeconds ends after half an hour to an hour, as kube-apiserver's do.
constexpr std::int64_t kShortestTimeout = 1800;
constexpr std::size_t kBatch = 256;

// The wake-up can come from the store's writer thread and from timers after the source has gone.
struct Waker {
    std::mutex mutex;
    std::function<void()> wake;
    bool bookmarkDue = false;
    bool timedOut = false;

    void call() {
        std::function<void()> copy;
        {
            std::lock_guard lock(mutex);
            copy = wake;
        }
        if (copy) copy();
    }
};

struct WatchPlan {
    const api::Kind* kind;
    Selection selection;
    Wanted wanted;
    bool bookmarks = false;
    bool initialEventsEnd = false;            // close the initial events with a bookmark that says so
    std::vector<store::EntryPtr> initial;     // given as ADDED first
    store::Revision initialRevision = 0;
    std::int64_t timeoutSeconds = 0;
};

class WatchSource final : public BodySource {
public:
    WatchSource(WatchPlan plan, store::Watch watch, base::Executor& executor)
        : m_plan(std::move(plan)), m_watch(std::move(watch)), m_executor(executor), m_waker(std::make_shared<Waker>()) {}
    ~WatchSource() override {
        std::lock_guard lock(m_waker->mutex);
        m_waker->wake = nullptr;
    }

    void start(std::function<void()> wake) override {
        {
            std::lock_guard lock(m_waker->mutex);
            m_waker->wake = std::move(wake);
        }
        m_watch.onEvents([waker = m_waker] { waker->call(); });
        m_end = m_executor.postAfter(std::chrono::seconds(m_plan.timeoutSeconds), [waker = m_waker] {
            {
                std::lock_guard lock(waker->mutex);
                waker->timedOut = true;
            }
            waker->call();
        });
        if (m_plan.bookmarks) scheduleBookmark();
    }

    State next(http::Buffers& out) override;

private:
    void scheduleBookmark() {
        m_bookmark = m_executor.postAfter(kBookmarkInterval, [waker = m_waker] {
            {
                std::lock_guard lock(waker->mutex);
                waker->bookmarkDue = true;
            }
            waker->call();
        });
    }
    void appendInitial(http::Buffers& out);
    void appendEvent(http::Buffers& out, const store::Event& event);

    WatchPlan m_plan;
    store::Watch m_watch;
    base::Executor& m_executor;
    std::shared_ptr<Waker> m_waker;
    base::Timer m_end;
    base::Timer m_bookmark;
    bool m_columnsSent = false;
    bool m_initialDone = false;
};

void WatchSource::appendInitial(http::Buffers& out) {
    const base::WallTime now = m_executor.clock().now();
    for (const auto& entry : m_plan.initial) {
        appendWatchEvent(out, WatchType::Added, *m_plan.kind, entry, m_plan.wanted, now, !m_columnsSent);
        m_columnsSent = true;
    }
    m_plan.initial.clear();
    if (m_plan.initialEventsEnd) appendBookmark(out, *m_plan.kind, m_plan.initialRevision, true, m_plan.wanted);
    m_initialDone = true;
}

// An object that comes to match, or no longer does, appears or goes for this watcher.
void WatchSource::appendEvent(http::Buffers& out, const store::Event& event) {
    const bool before = event.previous && (m_plan.selection.all() || m_plan.selection.matches(*event.previous->object()));
    const bool after = event.operation != store::Operation::Delete && (m_plan.selection.all() || m_plan.selection.matches(*event.entry->object()));
    if (!before && !after) return;
    if (!after && event.operation != store::Operation::Delete) {
        auto last = served(*m_plan.kind, event.previous->object())->clone();
        last->metadata.resourceVersion = std::to_string(event.entry->revision());
        return appendWatchObject(out, WatchType::Deleted, *m_plan.kind, api::ObjectPtr(std::move(last)), m_plan.wanted, m_executor.clock().now());
    }
    const WatchType type = before && after ? WatchType::Modified : after ? WatchType::Added : WatchType::Deleted;
    appendWatchEvent(out, type, *m_plan.kind, event.entry, m_plan.wanted, m_executor.clock().now(), !m_columnsSent);
    m_columnsSent = true;
}

BodySource::State WatchSource::next(http::Buffers& out) {
    if (!m_initialDone) {
        appendInitial(out);
        return out.empty() ? State::Waiting : State::More;
    }
    auto events = m_watch.poll(kBatch);
    if (!events) {
        appendWatchError(out, events.error(), m_plan.wanted);
        return State::End;
    }
    for (const auto& event : *events) appendEvent(out, *event);
    if (events->size() == kBatch) return State::More;
    bool bookmark = false;
    bool timedOut = false;
    {
        std::lock_guard lock(m_waker->mutex);
        bookmark = std::exchange(m_waker->bookmarkDue, false);
        timedOut = m_waker->timedOut;
    }
    if (bookmark) {
        appendBookmark(out, *m_plan.kind, m_watch.progress(), false, m_plan.wanted);
        scheduleBookmark();
    }
    if (timedOut) return State::End;
    return State::Waiting;
}

Result<store::Revision> revisionIn(const std::string& text) {
    store::Revision revision = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
    if (error == std::errc{} && end == text.data() + text.size()) return revision;
    api::field::Errors errors{api::field::invalid(api::field::Path("resourceVersion"), text, "strconv.ParseUint: parsing \"" + text + "\": invalid syntax")};
    return fail(Reason::BadRequest, "invalid resource version: " + errors.front().message());
}

}  // namespace

Response watch(ApiServer& server, const Exchange& exchange) {
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    const auto parameters = parseListParameters(exchange.request);
    if (!parameters) return errorResponse(parameters.error());
    auto selection = Selection::parse(*exchange.kind, parameters->labelSelector, parameters->fieldSelector);
    if (!selection) return errorResponse(selection.error());
    const Target target = targetOf(exchange);
    const std::string resource = storeKey(target).resource;

    WatchPlan plan{exchange.kind, std::move(*selection), *wanted, false, false, {}, 0, 0};
    plan.bookmarks = parameters->allowWatchBookmarks;
    plan.timeoutSeconds = parameters->timeoutSeconds.value_or(0) > 0 ? *parameters->timeoutSeconds : kShortestTimeout * 3 / 2;
    store::Revision from = 0;
    const bool fromNow = parameters->resourceVersion.empty() || parameters->resourceVersion == "0";
    const bool withInitial = parameters->sendInitialEvents.value_or(fromNow);
    if (!fromNow) {
        const auto revision = revisionIn(parameters->resourceVersion);
        if (!revision) return errorResponse(revision.error());
        from = *revision;
    }
    if (withInitial || fromNow) {
        const auto snapshot = server.store().snapshot(resource);
        if (!snapshot) return errorResponse(snapshot.error());
        from = snapshot->revision();
        plan.initialRevision = from;
        plan.initialEventsEnd = parameters->sendInitialEvents.value_or(false) && parameters->allowWatchBookmarks;
        if (withInitial) {
            for (const auto& entry : snapshot->entries(target.namespace_)) {
                if (plan.selection.all() || plan.selection.matches(*entry->object())) plan.initial.push_back(entry);
            }
        }
    }
    auto cursor = server.store().watch(resource, target.namespace_, from);
    if (!cursor) return errorResponse(cursor.error());
    Response response;
    const bool isProtobuf = wanted->encoding == Encoding::Protobuf;
    response.headers = {{"Content-Type", isProtobuf ? "application/vnd.kubernetes.protobuf;stream=watch" : "application/json"}};
    response.stream = std::make_unique<WatchSource>(std::move(plan), std::move(*cursor), server.executor());
    return response;
}

}  // namespace qd::apiserver::handlers
