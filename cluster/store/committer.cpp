#include "cluster/store/committer.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "cluster/base/log.h"

namespace qd::store {
namespace {

Rejected rejected(Rejected::Why why, const EntryPtr& current, Reason reason, std::string message) {
    return {why, current, {reason, std::move(message)}};
}

}  // namespace

Committer::Committer(Log& log, WatchCache& cache, Compactor& compactor, std::shared_ptr<EntryContext> context,
                     const base::Clock& clock, CommitMode mode)
    : m_log(log),
      m_cache(cache),
      m_compactor(compactor),
      m_context(std::move(context)),
      m_clock(clock),
      m_mode(mode),
      m_newest(cache.committed()) {
    if (m_mode == CommitMode::WriterThread) {
        m_thread = base::Thread("store-writer", [this](std::stop_token stop) { work(std::move(stop)); });
    }
}

Committer::~Committer() {
    m_thread.requestStop();
    m_thread.join();
}

SubmitResult Committer::submit(Write write) {
    std::string value;
    if (write.operation != Operation::Delete) value = m_context->codec.encode(*write.object);
    Submitted submitted;
    {
        std::lock_guard lock(m_mutex);
        Latest latest = latestLocked(write.key);
        if (auto objection = objectionLocked(write, latest.entry)) {
            ++m_metrics.rejected;
            return std::unexpected(std::move(*objection));
        }
        if (write.operation == Operation::Update && isUnchanged(*latest.entry, value)) {
            ++m_metrics.unchanged;
            const Revision revision = latest.entry->revision();
            return Submitted{std::move(latest.entry), revision, std::move(latest.ticket), true};
        }
        submitted = acceptLocked(std::move(write), std::move(latest.entry), std::move(value));
    }
    if (m_mode == CommitMode::Inline) {
        commitInline();
    } else {
        m_submitted.notify_one();
    }
    (void)submitted.entry->decode();  // a deletion's: makes its object here, of one that was readable
    return submitted;
}

Result<Latest> Committer::latest(const Key& key) const {
    Latest latest;
    {
        std::lock_guard lock(m_mutex);
        latest = latestLocked(key);
    }
    if (latest.entry) {
        if (auto readable = latest.entry->decode(); !readable) return fail(readable.error());
    }
    return latest;
}

void Committer::flush() {
    std::shared_ptr<Commit> last;
    {
        std::lock_guard lock(m_mutex);
        last = m_open.records.empty() ? m_inFlight : m_open.commit;
    }
    if (last) (void)last->wait();
}

Result<void> Committer::health() const {
    std::lock_guard lock(m_mutex);
    if (m_lastFailure) return fail(*m_lastFailure);
    return {};
}

Metrics Committer::metrics() const {
    std::lock_guard lock(m_mutex);
    return m_metrics;
}

std::optional<Rejected> Committer::objectionLocked(const Write& write, const EntryPtr& current) const {
    using Why = Rejected::Why;
    const auto says = [&](std::string_view what) {
        return fmt::format("{} {} {}", write.key.resource, write.key.path(), what);
    };
    if (m_damaged) return Rejected{Why::Unavailable, current, *m_lastFailure};
    if (write.operation == Operation::Create) {
        if (!current) return std::nullopt;
        return rejected(Why::Exists, current, Reason::AlreadyExists, says("exists already"));
    }
    if (!current) return rejected(Why::Missing, nullptr, Reason::NotFound, says("does not exist"));
    if (auto readable = current->decode(); !readable) return Rejected{Why::Unavailable, current, readable.error()};
    if (write.expectedUid && *write.expectedUid != current->object()->metadata.uid) {
        return rejected(Why::UidDiffers, current, Reason::Conflict, says("has another uid"));
    }
    if (write.expectedRevision && *write.expectedRevision != current->revision()) {
        return rejected(Why::RevisionDiffers, current, Reason::Conflict, says("was changed in the meantime"));
    }
    return std::nullopt;
}

bool Committer::isUnchanged(const Entry& current, const std::string& value) const {
    return current.storedSize() == value.size() && current.storedHash() == std::hash<std::string_view>()(value) &&
           m_context->codec.encode(*current.object()) == value;
}

Latest Committer::latestLocked(const Key& key) const {
    if (const auto pending = m_pending.find(key); pending != m_pending.end()) {
        const EntryPtr& entry = pending->second.entry;
        return {entry->isDeletion() ? nullptr : entry, Ticket(pending->second.commit)};
    }
    return {m_cache.find(key), Ticket()};
}

Submitted Committer::acceptLocked(Write write, EntryPtr current, std::string value) {
    const Revision revision = ++m_newest;
    const bool creation = write.operation == Operation::Create;
    Entry::Origin origin{write.key, revision, creation ? revision : current->createdRevision(),
                         write.operation == Operation::Delete};
    LogRecord record{
        revision, origin.createdRevision, write.key, write.operation, m_clock.now(), write.cause, write.actor, {}};
    EntryPtr entry;
    if (write.operation == Operation::Delete) {
        entry = std::make_shared<const Entry>(m_context, std::move(origin), current);
    } else {
        write.object->metadata.resourceVersion = std::to_string(revision);
        entry =
            std::make_shared<const Entry>(m_context, std::move(origin), api::ObjectPtr(std::move(write.object)), value);
        record.value = std::move(value);
    }
    m_open.events.push_back(std::make_shared<const Event>(
        Event{write.operation, entry, std::move(current), record.time, std::move(write.actor), write.cause}));
    m_open.records.push_back(std::move(record));
    m_pending.insert_or_assign(std::move(write.key), Pending{entry, m_open.commit});
    return {std::move(entry), revision, Ticket(m_open.commit)};
}

void Committer::work(std::stop_token stop) {
    std::unique_lock lock(m_mutex);
    while (true) {
        const auto something = [&] { return !m_open.records.empty() || m_compactor.due(m_cache.committed()); };
        m_submitted.wait(lock, stop, something);
        if (!m_open.records.empty()) {
            Batch batch = takeLocked();
            lock.unlock();
            tell(batch, writeAndPublish(batch));
        } else if (stop.stop_requested()) {
            return;
        } else {
            lock.unlock();
        }
        maintain();
        lock.lock();
    }
}

void Committer::commitInline() {
    Batch batch;
    Outcome outcome;
    {
        std::lock_guard commitLock(m_commitMutex);
        {
            std::lock_guard lock(m_mutex);
            if (m_open.records.empty()) return;  // another thread's commit took it along
            batch = takeLocked();
        }
        outcome = writeAndPublish(batch);
    }
    tell(batch, std::move(outcome));
    maintain();
}

Committer::Batch Committer::takeLocked() {
    m_inFlight = m_open.commit;
    return std::exchange(m_open, Batch());
}

Committer::Outcome Committer::writeAndPublish(Batch& batch) {
    const base::SteadyTime start = m_clock.steady();
    if (auto written = m_log.append(batch.records); !written) {
        abandon(batch, written.error());
        return {std::move(written), {}};
    }
    const base::Duration took = m_clock.steady() - start;
    Outcome outcome{{}, m_cache.publish(batch.events)};
    settle(batch, took);
    return outcome;
}

void Committer::tell(const Batch& batch, Outcome outcome) {
    if (batch.dependent) batch.dependent->fulfil(outcome.result);
    batch.commit->fulfil(std::move(outcome.result));
    outcome.calls.run();
}

void Committer::abandon(Batch& batch, const Error& error) {
    base::logger("store")->error("{} writes failed: {}", batch.records.size(), error.message);
    std::lock_guard lock(m_mutex);
    ++m_metrics.failedCommits;
    m_lastFailure = error;
    m_damaged = m_damaged || error.reason == Reason::StoreReadError;
    // What came after may build on what failed.
    m_pending.clear();
    batch.dependent = std::exchange(m_open, Batch()).commit;
}

void Committer::settle(const Batch& batch, base::Duration took) {
    std::lock_guard lock(m_mutex);
    for (const EventPtr& event : batch.events) {
        const auto pending = m_pending.find(event->entry->key());
        if (pending != m_pending.end() && pending->second.entry == event->entry) m_pending.erase(pending);
    }
    m_lastFailure.reset();
    const std::size_t size = batch.records.size();
    m_metrics.writes += size;
    ++m_metrics.commits;
    m_metrics.largestBatch = std::max<std::uint64_t>(m_metrics.largestBatch, size);
    ++m_metrics.batchSizes[std::min<std::size_t>(std::bit_width(size) - 1, m_metrics.batchSizes.size() - 1)];
    m_metrics.commitTime += took;
    m_metrics.longestCommit = std::max(m_metrics.longestCommit, took);
    const auto bucket = std::ranges::lower_bound(Metrics::kCommitBounds, took);
    ++m_metrics.commitTimes[static_cast<std::size_t>(bucket - Metrics::kCommitBounds.begin())];
}

void Committer::maintain() {
    bool idle = false;
    {
        std::lock_guard lock(m_mutex);
        idle = m_open.records.empty();
    }
    // Neither failure loses anything: the next time tries again.
    const Result<bool> checkpoint = m_log.checkpoint(idle);
    if (!checkpoint) base::logger("store")->warn("checkpoint failed: {}", checkpoint.error().message);
    const bool compacts = m_compactor.due(m_cache.committed());
    if (compacts) {
        if (auto compacted = m_compactor.step(m_cache.committed()); !compacted) {
            base::logger("store")->warn("compaction failed: {}", compacted.error().message);
        }
    }
    std::lock_guard lock(m_mutex);
    if (checkpoint && *checkpoint) ++m_metrics.checkpoints;
    if (compacts) ++m_metrics.compactions;
}

}  // namespace qd::store
