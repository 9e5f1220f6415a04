#include "cluster/store/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "cluster/store/schema.h"

namespace qd::store {
namespace {

// A checkpoint costs two syncs and some copying: worth it at 4 MB of write-ahead log when nobody waits, at 16 MB in any
// case.
constexpr int kIdleCheckpointPages = 1000;
constexpr int kLatestCheckpointPages = 4000;
// How many revisions one compaction transaction looks at.
constexpr Revision kCompactionStep = 512;

constexpr std::string_view kRowColumns =
    "SELECT l.revision, l.previous, l.created, l.resource, l.namespace, l.name, l.operation, l.time, l.cause, l.actor, "
    "l.value, p.created, p.value FROM log l LEFT JOIN log p ON p.revision = l.previous ";
constexpr std::string_view kRowConditions =
    "WHERE l.revision > ?1 AND l.revision <= ?2 AND (?3 = '' OR l.resource = ?3) AND (?4 = '' OR l.namespace = ?4) "
    "AND (?5 = '' OR l.name = ?5) AND (?6 = '' OR l.actor = ?6) AND (?7 < 0 OR l.cause = ?7) ";

LogRow readRow(const Statement& statement) {
    LogRow row;
    row.record.revision = statement.integer(0);
    row.previous = statement.integer(1);
    row.record.created = statement.integer(2);
    row.record.key = {std::string(statement.text(3)), std::string(statement.text(4)), std::string(statement.text(5))};
    row.record.operation = static_cast<Operation>(statement.integer(6));
    row.record.time = base::WallTime(base::Duration(statement.integer(7)));
    row.record.cause = statement.integer(8);
    row.record.actor = statement.text(9);
    row.record.value = statement.text(10);
    row.previousCreated = statement.integer(11);
    row.previousValue = statement.text(12);
    if (statement.isNull(11)) row.previous = 0;  // dropped by compaction
    return row;
}

Result<void> createPrivateFile(const std::filesystem::path& file) {
    // The write-ahead log and its index take their mode from the database file: it holds Secrets.
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return fail(Reason::InternalError,
                    fmt::format("cannot open the store {}: {}", file.string(), std::strerror(errno)));
    }
    ::close(descriptor);
    return {};
}

int noteWalPages(void* pages, sqlite3*, const char*, int count) {
    static_cast<std::atomic<int>*>(pages)->store(count, std::memory_order_relaxed);
    return SQLITE_OK;
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(const std::filesystem::path& file, const std::string& vfs) {
    std::unique_ptr<Log> log(new Log());
    if (auto opened = log->openConnections(file, vfs); !opened) return fail(opened.error());
    if (auto prepared = log->prepareAll(); !prepared) return fail(prepared.error());
    const Result<Revision> newest = log->m_writer.integer("SELECT max(revision) FROM log");
    if (!newest) return fail(newest.error());
    const Result<Revision> oldest = log->oldest();
    if (!oldest) return fail(oldest.error());
    // The newest row may be a deletion that compaction has dropped.
    log->m_newestAtOpen = std::max(*newest, *oldest);
    log->m_oldestKnown = *oldest;
    return log;
}

Result<void> Log::loadObjects(const std::function<void(LogRecord)>& visit) {
    std::lock_guard lock(reader().mutex());
    Result<Statement> statement = reader().prepare(
        "SELECT o.resource, o.namespace, o.name, o.revision, l.created, l.value FROM objects o "
        "CROSS JOIN log l ON l.revision = o.revision WHERE o.deleted = 0");
    if (!statement) return fail(statement.error());
    while (true) {
        const Result<bool> row = statement->step();
        if (!row) return fail(row.error());
        if (!*row) return {};
        LogRecord record;
        record.key = {std::string(statement->text(0)), std::string(statement->text(1)),
                      std::string(statement->text(2))};
        record.revision = statement->integer(3);
        record.created = statement->integer(4);
        record.value = statement->text(5);
        visit(std::move(record));
    }
}

Result<void> Log::append(std::span<const LogRecord> records) {
    std::lock_guard lock(m_writer.mutex());
    Result<Transaction> transaction = Transaction::begin(m_writer);
    if (!transaction) return fail(transaction.error());
    for (const LogRecord& record : records) {
        if (auto done = appendOne(record); !done) return done;
    }
    return transaction->commit();
}

Result<void> Log::compactTo(Revision revision) {
    while (m_oldestKnown < revision) {
        if (auto done = compactStep(revision); !done) return done;
    }
    return {};
}

Result<bool> Log::checkpoint(bool idle) {
    const int pages = m_walPages.load(std::memory_order_relaxed);
    if (pages < (idle ? kIdleCheckpointPages : kLatestCheckpointPages)) return false;
    std::lock_guard lock(m_writer.mutex());
    const int code = sqlite3_wal_checkpoint_v2(m_writer.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    // Without success the pages stay in the write-ahead log, where they are as safe.
    if (code != SQLITE_OK && code != SQLITE_BUSY) return fail(m_writer.error(code));
    m_walPages.store(0, std::memory_order_relaxed);
    return true;
}

Result<std::vector<LogRow>> Log::rows(const LogFilter& filter) {
    std::lock_guard lock(reader().mutex());
    Statement& statement = filter.newestFirst ? m_rowsDown : m_rowsUp;
    const Reading reading(statement);
    statement.bind(1, filter.after).bind(2, filter.upTo).bind(3, filter.resource).bind(4, filter.namespace_);
    statement.bind(5, filter.name).bind(6, filter.actor).bind(7, filter.cause.value_or(-1));
    statement.bind(8, filter.limit == 0 ? std::int64_t{-1} : static_cast<std::int64_t>(filter.limit));
    std::vector<LogRow> rows;
    while (true) {
        const Result<bool> row = statement.step();
        if (!row) return fail(row.error());
        if (!*row) return rows;
        rows.push_back(readRow(statement));
    }
}

Result<std::vector<LogRow>> Log::chain(const Key& key, const LogFilter& filter) {
    std::lock_guard lock(reader().mutex());
    Revision at = 0;
    {
        const Reading reading(m_readHead);
        m_readHead.bind(1, key.resource).bind(2, key.namespace_).bind(3, key.name);
        const Result<bool> row = m_readHead.step();
        if (!row) return fail(row.error());
        if (*row) at = m_readHead.integer(0);
    }
    std::vector<LogRow> rows;
    while (at > filter.after && (filter.limit == 0 || rows.size() < filter.limit)) {
        const Reading reading(m_readOne);
        m_readOne.bind(1, at);
        const Result<bool> row = m_readOne.step();
        if (!row) return fail(row.error());
        if (!*row) break;
        LogRow read = readRow(m_readOne);
        at = read.previous;
        const bool wanted = read.record.revision <= filter.upTo &&
                            (filter.actor.empty() || filter.actor == read.record.actor) &&
                            (!filter.cause || *filter.cause == read.record.cause);
        if (wanted) rows.push_back(std::move(read));
    }
    return rows;
}

Result<std::vector<LogUndo>> Log::undo(std::string_view resource, Revision after, Revision upTo) {
    std::lock_guard lock(reader().mutex());
    const Reading reading(m_undo);
    m_undo.bind(1, after).bind(2, upTo).bind(3, resource);
    std::vector<LogUndo> undos;
    while (true) {
        const Result<bool> row = m_undo.step();
        if (!row) return fail(row.error());
        if (!*row) return undos;
        LogUndo& undo = undos.emplace_back();
        undo.namespace_ = m_undo.text(0);
        undo.name = m_undo.text(1);
        if (m_undo.isNull(4)) continue;  // there was nothing, or a deletion
        undo.revision = m_undo.integer(2);
        undo.created = m_undo.integer(3);
        undo.value = m_undo.text(4);
    }
}

Result<Revision> Log::revisionAt(base::WallTime time, Revision upTo) {
    std::lock_guard lock(reader().mutex());
    const Reading reading(m_revisionAt);
    m_revisionAt.bind(1, std::int64_t{time.time_since_epoch().count()}).bind(2, upTo);
    const Result<bool> row = m_revisionAt.step();
    if (!row) return fail(row.error());
    return *row ? m_revisionAt.integer(0) : 0;
}

Result<Revision> Log::oldest() {
    std::lock_guard lock(reader().mutex());
    const Reading reading(m_oldest);
    const Result<bool> row = m_oldest.step();
    if (!row) return fail(row.error());
    return *row ? m_oldest.integer(0) : kFirstRevision;
}

Result<std::int64_t> Log::bytesInUse() {
    std::lock_guard lock(reader().mutex());
    return reader().integer(
        "SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count() p, pragma_freelist_count() f, "
        "pragma_page_size() s");
}

Result<void> Log::openConnections(const std::filesystem::path& file, const std::string& vfs) {
    if (file.empty()) {
        if (auto opened = m_writer.open(":memory:", vfs); !opened) return opened;
        return migrate(m_writer);
    }
    if (auto created = createPrivateFile(file); !created) return created;
    if (auto opened = m_writer.open(file.string(), vfs); !opened) return opened;
    const Result<std::string> mode = m_writer.text("PRAGMA journal_mode = WAL");
    if (!mode) return fail(mode.error());
    if (*mode != "wal") {
        return fail(Reason::InternalError,
                    fmt::format("the file system of {} cannot hold a store: no write-ahead log there", file.string()));
    }
    if (auto set =
            m_writer.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;");
        !set) {
        return set;
    }
    sqlite3_wal_hook(m_writer.handle(), noteWalPages, &m_walPages);
    if (auto migrated = migrate(m_writer); !migrated) return fail(migrated.error().within(file.string()));
    m_reader = std::make_unique<Database>();
    if (auto opened = m_reader->open(file.string(), vfs); !opened) return opened;
    return m_reader->execute("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;");
}

Result<void> Log::prepareAll() {
    struct Wanted {
        Database& database;
        Statement& statement;
        std::string sql;
    };
    const std::string rows(kRowColumns);
    const std::string conditions(kRowConditions);
    const std::array wanted = {
        Wanted{m_writer, m_insertLog,
               "INSERT INTO log (revision, previous, created, resource, namespace, name, operation, time, cause, "
               "actor, value) "
               "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"},
        Wanted{m_writer, m_upsertObject,
               "INSERT INTO objects (resource, namespace, name, revision, deleted) VALUES (?1, ?2, ?3, ?4, ?5) "
               "ON CONFLICT DO UPDATE SET revision = excluded.revision, deleted = excluded.deleted"},
        Wanted{m_writer, m_findHead,
               "SELECT revision FROM objects WHERE resource = ?1 AND namespace = ?2 AND name = ?3"},
        // A row is superseded at `to` when the row that follows it is not after `to`.
        Wanted{m_writer, m_dropSuperseded,
               "DELETE FROM log WHERE revision IN "
               "(SELECT previous FROM log WHERE revision > ?1 AND revision <= ?2 AND previous > 0)"},
        Wanted{m_writer, m_dropDeletedObjects,
               "DELETE FROM objects WHERE deleted = 1 AND revision <= ?2 AND (resource, namespace, name) IN "
               "(SELECT resource, namespace, name FROM log WHERE revision > ?1 AND revision <= ?2 AND operation = 3)"},
        Wanted{m_writer, m_dropDeletions, "DELETE FROM log WHERE revision > ?1 AND revision <= ?2 AND operation = 3"},
        Wanted{m_writer, m_setOldest, "UPDATE oldest SET revision = ?1"},
        Wanted{reader(), m_rowsUp, rows + conditions + "ORDER BY l.revision LIMIT ?8"},
        Wanted{reader(), m_rowsDown, rows + conditions + "ORDER BY l.revision DESC LIMIT ?8"},
        Wanted{reader(), m_readHead,
               "SELECT revision FROM objects WHERE resource = ?1 AND namespace = ?2 AND name = ?3"},
        Wanted{reader(), m_readOne, rows + "WHERE l.revision = ?1"},
        // SQLite takes the bare columns of an aggregate query from the row that holds the minimum.
        Wanted{reader(), m_undo,
               "SELECT f.namespace, f.name, p.revision, p.created, p.value FROM "
               "(SELECT namespace, name, previous, min(revision) FROM log "
               "WHERE revision > ?1 AND revision <= ?2 AND resource = ?3 GROUP BY namespace, name) f "
               "LEFT JOIN log p ON p.revision = f.previous"},
        Wanted{reader(), m_revisionAt,
               "SELECT revision FROM log WHERE time <= ?1 AND revision <= ?2 ORDER BY revision DESC LIMIT 1"},
        Wanted{reader(), m_oldest, "SELECT revision FROM oldest"},
    };
    for (const Wanted& each : wanted) {
        Result<Statement> prepared = each.database.prepare(each.sql);
        if (!prepared) return fail(prepared.error());
        each.statement = std::move(*prepared);
    }
    return {};
}

Result<void> Log::appendOne(const LogRecord& record) {
    const Result<Revision> previous = headOf(record.key);
    if (!previous) return fail(previous.error());
    const bool deletion = record.operation == Operation::Delete;
    const Key& key = record.key;
    m_insertLog.bind(1, record.revision).bind(2, *previous).bind(3, record.created);
    m_insertLog.bind(4, key.resource).bind(5, key.namespace_).bind(6, key.name);
    m_insertLog.bind(7, static_cast<std::int64_t>(record.operation));
    m_insertLog.bind(8, std::int64_t{record.time.time_since_epoch().count()}).bind(9, record.cause);
    m_insertLog.bind(10, record.actor);
    if (deletion) {
        m_insertLog.bindNull(11);
    } else {
        m_insertLog.bindBlob(11, record.value);
    }
    if (auto done = m_insertLog.run(); !done) return done;
    m_upsertObject.bind(1, key.resource).bind(2, key.namespace_).bind(3, key.name).bind(4, record.revision);
    return m_upsertObject.bind(5, std::int64_t{deletion}).run();
}

Result<Revision> Log::headOf(const Key& key) {
    const Reading reading(m_findHead);
    m_findHead.bind(1, key.resource).bind(2, key.namespace_).bind(3, key.name);
    const Result<bool> row = m_findHead.step();
    if (!row) return fail(row.error());
    return *row ? m_findHead.integer(0) : 0;
}

Result<void> Log::compactStep(Revision target) {
    std::lock_guard lock(m_writer.mutex());
    // Read under the lock: another thread may be compacting too, and the oldest revision never goes back.
    const Revision from = m_oldestKnown;
    const Revision to = std::min(target, from + kCompactionStep);
    if (to <= from) return {};
    Result<Transaction> transaction = Transaction::begin(m_writer);
    if (!transaction) return fail(transaction.error());
    for (Statement* drop : {&m_dropSuperseded, &m_dropDeletedObjects, &m_dropDeletions}) {
        if (auto done = drop->bind(1, from).bind(2, to).run(); !done) return done;
    }
    if (auto done = m_setOldest.bind(1, to).run(); !done) return done;
    if (auto done = transaction->commit(); !done) return done;
    m_oldestKnown = to;
    return {};
}

}  // namespace qd::store
