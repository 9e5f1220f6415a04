#include "cluster/store/store.h"

#include <algorithm>

#include "cluster/store/committer.h"
#include "cluster/store/compactor.h"
#include "cluster/store/history.h"
#include "cluster/store/log.h"
#include "cluster/store/store_lock.h"
#include "cluster/store/watch_cache.h"

namespace qd::store {

// In the order in which they depend on each other.
class Store::Impl {
public:
    Impl(StoreLock lock, std::unique_ptr<Log> log, const Options& options, const Codec& codec, const base::Clock& clock)
        : m_lock(std::move(lock)),
          m_context(std::make_shared<EntryContext>(codec, options.encodedBytes)),
          m_log(std::move(log)),
          m_history(*m_log, m_context),
          m_cache({options.windowEvents, options.windowBytes}),
          m_compactor(*m_log, options.history, clock) {}

    Result<void> load() {
        std::vector<EntryPtr> entries;
        auto loaded = m_log->loadObjects([&](LogRecord record) {
            Entry::Origin origin{std::move(record.key), record.revision, record.created};
            entries.push_back(std::make_shared<const Entry>(m_context, std::move(origin), std::move(record.value)));
        });
        if (loaded) m_cache.load(std::move(entries), m_log->newestAtOpen());
        return loaded;
    }
    void start(CommitMode mode, const base::Clock& clock) {
        m_committer.emplace(*m_log, m_cache, m_compactor, m_context, clock, mode);
    }

    StoreLock m_lock;
    std::shared_ptr<EntryContext> m_context;
    std::unique_ptr<Log> m_log;
    History m_history;
    WatchCache m_cache;
    Compactor m_compactor;
    std::optional<Committer> m_committer;
};

namespace {

Result<void> decodeAll(const EntrySet& entries) {
    Result<void> result;
    entries.visit({}, {}, [&](const EntryPtr& entry) {
        result = entry->decode();
        return result.has_value();
    });
    return result;
}

}  // namespace

Store::Store(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(Options options, const Codec& codec, const base::Clock& clock) {
    StoreLock lock;
    if (!options.file.empty()) {
        Result<StoreLock> acquired = StoreLock::acquire(options.file);
        if (!acquired) return fail(acquired.error());
        lock = std::move(*acquired);
    }
    Result<std::unique_ptr<Log>> log = Log::open(options.file, options.vfs);
    if (!log) return fail(log.error());
    auto impl = std::make_unique<Impl>(std::move(lock), std::move(*log), options, codec, clock);
    if (auto loaded = impl->load(); !loaded) return fail(loaded.error());
    impl->start(options.commit, clock);
    return std::unique_ptr<Store>(new Store(std::move(impl)));
}

SubmitResult Store::submit(Write write) {
    return m_impl->m_committer->submit(std::move(write));
}

Result<Latest> Store::latest(const Key& key) const {
    return m_impl->m_committer->latest(key);
}

void Store::flush() {
    m_impl->m_committer->flush();
}

Result<EntryPtr> Store::get(const Key& key) const {
    EntryPtr entry = m_impl->m_cache.find(key);
    if (!entry) return nullptr;
    if (auto readable = entry->decode(); !readable) return fail(readable.error());
    return entry;
}

Revision Store::committed() const {
    return m_impl->m_cache.committed();
}

Result<Snapshot> Store::snapshot(std::string_view resource) const {
    const bool decoded = m_impl->m_cache.isDecoded(resource);
    Snapshot snapshot = m_impl->m_cache.snapshot(resource);
    if (decoded) return snapshot;
    if (auto readable = decodeAll(snapshot.set()); !readable) return fail(readable.error());
    m_impl->m_cache.setDecoded(resource);
    return snapshot;
}

Result<Snapshot> Store::snapshotAt(std::string_view resource, Revision revision) const {
    const Revision oldest = m_impl->m_log->oldestKnown();
    if (revision < oldest) return fail(tooOldListRevision());
    WatchCache::Past past = m_impl->m_cache.past(resource, revision);
    if (revision > past.committed) return fail(tooLargeRevision(revision, past.committed));
    EntrySet entries = past.entries;
    if (past.inWindow) {
        // Newest first: a key ends up as it was before its first event.
        for (auto event = past.since.rbegin(); event != past.since.rend(); ++event) {
            const Key& key = (*event)->entry->key();
            const EntryPtr& previous = (*event)->previous;
            entries = previous ? entries.with(previous) : entries.without(key.namespace_, key.name);
        }
    } else {
        Result<EntrySet> rebuilt = m_impl->m_history.stateAt(resource, std::move(entries), past.committed, revision);
        if (!rebuilt) return fail(rebuilt.error());
        entries = std::move(*rebuilt);
    }
    if (auto readable = decodeAll(entries); !readable) return fail(readable.error());
    return Snapshot(std::move(entries), revision);
}

Result<List> Store::list(std::string_view resource, const ListOptions& options) const {
    Result<Snapshot> snapshot = options.revision ? snapshotAt(resource, *options.revision) : this->snapshot(resource);
    if (!snapshot) return fail(snapshot.error());
    List list;
    list.revision = snapshot->revision();
    snapshot->visit(options.namespace_, options.start, [&](const EntryPtr& entry) {
        if (options.limit == 0 || list.entries.size() < options.limit) {
            list.entries.push_back(entry);
        } else {
            if (list.remaining++ == 0) list.next = entry->key().path();
        }
        return true;
    });
    return list;
}

std::vector<std::string> Store::resources() const {
    return resourcesIn({});
}

std::size_t Store::count(std::string_view resource, std::string_view namespace_) const {
    return m_impl->m_cache.snapshot(resource).count(namespace_);
}

std::vector<std::string> Store::resourcesIn(std::string_view namespace_) const {
    std::vector<std::string> resources;
    for (const auto& [name, entries] : m_impl->m_cache.all()) {
        if (entries.count(namespace_) > 0) resources.push_back(name);
    }
    std::ranges::sort(resources);
    return resources;
}

Waiting Store::whenCommitted(Revision revision, std::function<void()> callback) const {
    auto cancelled = std::make_shared<std::atomic<bool>>(false);
    m_impl->m_cache.whenCommitted(revision, cancelled, std::move(callback));
    return Waiting(std::move(cancelled));
}

Result<Watch> Store::watch(std::string_view resource, std::string_view namespace_, Revision from) {
    const Revision oldest = m_impl->m_log->oldestKnown();
    if (from < oldest) return fail(tooOldRevision(from, oldest));
    return Watch(m_impl->m_cache, m_impl->m_history, resource, namespace_, from);
}

Revision Store::oldest() const {
    return m_impl->m_log->oldestKnown();
}

Result<std::vector<EventPtr>> Store::history(const HistoryQuery& query) const {
    LogFilter filter{query.after,    std::min(query.upTo.value_or(committed()), committed()),
                     query.resource, query.namespace_,
                     query.name,     query.actor,
                     query.cause,    query.newestFirst,
                     query.limit};
    if (query.resource.empty() || query.name.empty()) return m_impl->m_history.keptEvents(filter);
    // One key: its own chain, which is read newest first.
    if (!query.newestFirst) filter.limit = 0;
    auto events = m_impl->m_history.eventsOf({query.resource, query.namespace_, query.name}, filter);
    if (!events || query.newestFirst) return events;
    std::ranges::reverse(*events);
    if (query.limit != 0 && events->size() > query.limit) events->resize(query.limit);
    return events;
}

Result<EventPtr> Store::at(Revision revision) const {
    if (revision > committed()) return nullptr;
    return m_impl->m_history.at(revision);
}

Result<Revision> Store::revisionAt(base::WallTime time) const {
    const Result<Revision> found = m_impl->m_log->revisionAt(time, committed());
    if (!found) return found;
    return std::max(*found, oldest());
}

Result<void> Store::compact() {
    return m_impl->m_compactor.run(committed());
}

Result<void> Store::compactTo(Revision revision) {
    return m_impl->m_log->compactTo(std::min(revision, committed()));
}

Result<void> Store::health() const {
    return m_impl->m_committer->health();
}

Metrics Store::metrics() const {
    Metrics metrics = m_impl->m_committer->metrics();
    const WatchCache::Size size = m_impl->m_cache.size();
    metrics.watchers = size.watchers;
    metrics.windowEvents = size.windowEvents;
    metrics.encodedBytes = m_impl->m_context->encodings.bytes();
    return metrics;
}

}  // namespace qd::store
