// The store: every object of a cluster, its whole history, and who wanted what.
//
// One SQLite file holds the log (every write: revision, key, operation, value, time, actor, cause) and the table of
// current objects, which points into it. All live objects are also held in memory, and every read but history is served
// from there.
//
// Promises
// - A write whose ticket is fulfilled is on disk and survives a crash of the process or a power cut.
// - Writes become visible (get, snapshot, watch, list) in the order of their revisions, all writes of one transaction
// at
//   once, and only after they are on disk. Only latest() and submit() see writes on their way.
// - A snapshot's revision and a watch from it fit: nothing is missed and nothing comes twice.
// - When a transaction fails (disk full, I/O error) the tickets of its writes, and of those submitted after it that had
// not
//   been committed, fail; nothing of them is visible, and their revisions are never given out again by this process.
//   Reading goes on, and each further write tries the disk anew, so that freeing space is all it takes. After an error
//   that says the file itself is damaged, writes are refused until the store is opened again; health() tells.
// - One process owns a store file. A second one that opens it is refused with an error that names the file and the
// owner.
//
// Thread-safe. Two ways to commit: a writer thread that commits all waiting writes in one transaction, or inline, where
// submit() commits before it returns (simulation, tools).
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/base/executor.h"
#include "cluster/store/codec.h"
#include "cluster/store/entry.h"
#include "cluster/store/errors.h"
#include "cluster/store/history_limits.h"
#include "cluster/store/metrics.h"
#include "cluster/store/snapshot.h"
#include "cluster/store/ticket.h"
#include "cluster/store/types.h"
#include "cluster/store/watch.h"
#include "cluster/store/write.h"

namespace qd::store {

struct Options {
    std::filesystem::path file;  // empty: in memory, nothing is kept
    CommitMode commit = CommitMode::WriterThread;
    HistoryLimits history = {};
    std::size_t windowEvents = 1024;                   // in memory, a resource
    std::size_t windowBytes = std::size_t{8} << 20;    // of stored size, a resource
    std::size_t encodedBytes = std::size_t{32} << 20;  // of encodings kept, all together
    std::string vfs = {};                              // SQLite's VFS; empty: its default
};

struct ListOptions {
    std::string namespace_ = {};            // empty: all
    std::optional<Revision> revision = {};  // exactly this one; otherwise the newest committed
    std::string start = {};                 // the first path wanted, see Snapshot::visit
    std::size_t limit = 0;                  // 0: all
};

struct List {
    std::vector<EntryPtr> entries;
    Revision revision = 0;
    std::string next;           // the first path of the rest; empty when this is the end
    std::size_t remaining = 0;  // how many the rest has
};

struct HistoryQuery {
    Revision after = 0;                  // exclusive
    std::optional<Revision> upTo = {};   // inclusive; otherwise the newest committed
    std::string resource = {};           // empty: all
    std::string namespace_ = {};         // empty: all
    std::string name = {};               // empty: all; with resource and namespace it costs only what that object has
    std::string actor = {};              // empty: all
    std::optional<Revision> cause = {};  // only what this revision caused
    bool newestFirst = false;
    std::size_t limit = 500;
};

// Cancels a whenCommitted() when destroyed. Afterwards the callback has not begun and never will, or had begun already.
class Waiting {
public:
    Waiting() = default;
    explicit Waiting(std::shared_ptr<std::atomic<bool>> cancelled) : m_timer(std::move(cancelled)) {}
    void cancel() { m_timer.cancel(); }

private:
    base::Timer m_timer;
};

class Store {
public:
    // Makes the file when there is none, and brings an older one up to the present schema. Codec and clock must outlive
    // the store. Errors: ServiceUnavailable when another process owns the file, StoreReadError when it is no store or
    // damaged, InternalError otherwise.
    static Result<std::unique_ptr<Store>> open(Options options, const Codec& codec, const base::Clock& clock);
    // Commits what waits, then closes. All Watches must be gone.
    ~Store();

    // --- writing
    SubmitResult submit(Write write);
    // The newest state, including writes that are not yet on disk. StoreReadError when it cannot be decoded.
    Result<Latest> latest(const Key& key) const;
    // Blocks until every write submitted so far is on disk or has failed.
    void flush();

    // --- reading what is committed
    // Null when there is none.
    Result<EntryPtr> get(const Key& key) const;
    Revision committed() const;
    Result<Snapshot> snapshot(std::string_view resource) const;
    // Expired when compacted, Timeout ("Too large resource version") when in the future.
    Result<Snapshot> snapshotAt(std::string_view resource, Revision revision) const;
    Result<List> list(std::string_view resource, const ListOptions& options) const;
    // Resources with at least one live object, sorted.
    std::vector<std::string> resources() const;
    std::size_t count(std::string_view resource, std::string_view namespace_ = {}) const;
    // Resources with at least one live object in the namespace, sorted; what emptying a namespace has to visit.
    std::vector<std::string> resourcesIn(std::string_view namespace_) const;
    // For "not older than": calls back once committed() >= revision; at once on this thread if it is already, else on
    // the writer thread (hand over, do nothing else). Give up with the handle, e.g. upstream's after 3 seconds with
    // tooLargeRevision().
    [[nodiscard]] Waiting whenCommitted(Revision revision, std::function<void()> callback) const;

    // --- watching
    // Events after `from`, in one namespace or (empty) all. Expired ("too old resource version: X (Y)") when history
    // does not reach back to it. From committed() or Snapshot::revision() it never is. A revision in the future is
    // allowed.
    Result<Watch> watch(std::string_view resource, std::string_view namespace_, Revision from);

    // --- history
    // The oldest revision that can still be listed, and after which one can still watch.
    Revision oldest() const;
    Result<std::vector<EventPtr>> history(const HistoryQuery& query) const;
    // The write that made a revision; null when it was compacted or never was.
    Result<EventPtr> at(Revision revision) const;
    // The newest revision committed at or before a time; oldest() when all kept ones are later.
    Result<Revision> revisionAt(base::WallTime time) const;
    // Drops history that is beyond the limits. The writer does this now and then by itself.
    Result<void> compact();
    // Drops history before a revision: it becomes oldest().
    Result<void> compactTo(Revision revision);

    // --- state
    // The error that stops writes, or of the last commit if that failed; fine otherwise.
    Result<void> health() const;
    Metrics metrics() const;

    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

private:
    class Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace qd::store
