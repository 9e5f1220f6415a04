// Takes writes, brings them to disk together, and publishes them.
//
// A write lives in three places: in the open batch until the disk is free, in the batch that is being committed, and
// then in the cache. The first two are what `pending` knows; the precondition of a further write is checked against
// pending first.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cluster/base/executor.h"
#include "cluster/store/compactor.h"
#include "cluster/store/entry.h"
#include "cluster/store/log.h"
#include "cluster/store/metrics.h"
#include "cluster/store/watch_cache.h"
#include "cluster/store/write.h"

namespace qd::store {

// Thread-safe.
class Committer {
public:
    Committer(Log& log, WatchCache& cache, Compactor& compactor, std::shared_ptr<EntryContext> context,
              const base::Clock& clock, CommitMode mode);
    // Commits what waits.
    ~Committer();

    SubmitResult submit(Write write);
    Result<Latest> latest(const Key& key) const;
    void flush();
    Result<void> health() const;
    Metrics metrics() const;

private:
    struct Batch {
        std::vector<LogRecord> records;
        std::vector<EventPtr> events;
        std::shared_ptr<Commit> commit = std::make_shared<Commit>();
        // When it failed: what was submitted after it, and fails with it.
        std::shared_ptr<Commit> dependent = nullptr;
    };
    struct Pending {
        EntryPtr entry;  // a deletion's, when it is to go
        std::shared_ptr<Commit> commit;
    };

    std::optional<Rejected> objectionLocked(const Write& write, const EntryPtr& current) const;
    bool isUnchanged(const Entry& current, const std::string& value) const;
    Latest latestLocked(const Key& key) const;
    Submitted acceptLocked(Write write, EntryPtr current, std::string value);

    void work(std::stop_token stop);
    void commitInline();
    Batch takeLocked();
    struct Outcome {
        Result<void> result;
        WatchCache::Calls calls;
    };
    Outcome writeAndPublish(Batch& batch);
    // With no lock held: what is called may submit.
    static void tell(const Batch& batch, Outcome outcome);
    void abandon(Batch& batch, const Error& error);
    void settle(const Batch& batch, base::Duration took);
    void maintain();

    Log& m_log;
    WatchCache& m_cache;
    Compactor& m_compactor;
    const std::shared_ptr<EntryContext> m_context;
    const base::Clock& m_clock;
    const CommitMode m_mode;

    std::mutex m_commitMutex;  // inline mode: one commit at a time. Taken before m_mutex

    mutable std::mutex m_mutex;  // taken before the cache's
    std::condition_variable_any m_submitted;
    // Guarded by m_mutex.
    Batch m_open;
    std::shared_ptr<Commit> m_inFlight;
    std::unordered_map<Key, Pending, KeyHash> m_pending;
    Revision m_newest = 0;  // given out
    std::optional<Error> m_lastFailure;
    bool m_damaged = false;
    Metrics m_metrics;

    base::Thread m_thread;  // last: it uses all of the above
};

}  // namespace qd::store
