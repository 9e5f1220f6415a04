// The log on disk, in opaque bytes: appending, reading the past, dropping it.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cluster/store/sqlite.h"
#include "cluster/store/types.h"

namespace qd::store {

struct LogRecord {
    Revision revision = 0;
    Revision created = 0;
    Key key;
    Operation operation = Operation::Create;
    base::WallTime time = {};
    Revision cause = 0;
    std::string actor;
    std::string value;  // empty for Delete
};

// A record as it is read back, with the object before it.
struct LogRow {
    LogRecord record;
    Revision previous = 0;  // the key's write before; 0: none that is kept
    Revision previousCreated = 0;
    std::string previousValue;  // empty when that was a deletion
};

// Which rows; an empty string or 0 stands for all.
struct LogFilter {
    Revision after = 0;
    Revision upTo = 0;
    std::string_view resource = {};
    std::string_view namespace_ = {};
    std::string_view name = {};
    std::string_view actor = {};
    std::optional<Revision> cause = {};
    bool newestFirst = false;
    std::size_t limit = 0;  // 0: no limit
};

// What a key held before the first write after some revision.
struct LogUndo {
    std::string namespace_;
    std::string name;
    Revision revision = 0;  // 0: nothing
    Revision created = 0;
    std::string value;
};

// Two connections to one file: appending and compacting go through one, reading through the other, so that reading the
// past does not wait for the disk's sync. In memory there is one for both. Thread-safe.
class Log {
public:
    // file empty: in memory. Makes what is missing, readable by this user alone.
    static Result<std::unique_ptr<Log>> open(const std::filesystem::path& file, const std::string& vfs);

    Revision newestAtOpen() const { return m_newestAtOpen; }
    // Without asking the file.
    Revision oldestKnown() const { return m_oldestKnown.load(); }
    // Every live object: its newest record's key, revision, created and value.
    Result<void> loadObjects(const std::function<void(LogRecord)>& visit);

    // All or none of them, in one transaction that is on disk when this returns.
    Result<void> append(std::span<const LogRecord> records);
    // Makes `revision` the oldest state that can be listed, in steps that each hold up append() for a few milliseconds
    // only.
    Result<void> compactTo(Revision revision);
    // Copies the write-ahead log into the file when it has become long. `idle`: nobody is waiting, so do it sooner.
    // Returns whether it did.
    Result<bool> checkpoint(bool idle);

    // Of the rows that the file holds now. A caller that needs them all asks oldest() afterwards.
    Result<std::vector<LogRow>> rows(const LogFilter& filter);
    // The writes of one key, newest first: follows the chain, so it costs what the key has and not what the log has.
    Result<std::vector<LogRow>> chain(const Key& key, const LogFilter& filter);
    Result<std::vector<LogUndo>> undo(std::string_view resource, Revision after, Revision upTo);
    // The newest revision up to `upTo` that was written at or before the time; 0: none.
    Result<Revision> revisionAt(base::WallTime time, Revision upTo);
    Result<Revision> oldest();
    Result<std::int64_t> bytesInUse();

private:
    Log() = default;
    Database& reader() { return m_reader ? *m_reader : m_writer; }
    Result<void> openConnections(const std::filesystem::path& file, const std::string& vfs);
    Result<void> prepareAll();
    Result<void> appendOne(const LogRecord& record);
    Result<Revision> headOf(const Key& key);
    Result<void> compactStep(Revision target);

    Database m_writer;
    std::unique_ptr<Database> m_reader;
    Revision m_newestAtOpen = 0;
    std::atomic<int> m_walPages = 0;
    std::atomic<Revision> m_oldestKnown = kFirstRevision;

    // On the writer, used under its mutex.
    Statement m_insertLog, m_upsertObject, m_findHead;
    Statement m_dropSuperseded, m_dropDeletedObjects, m_dropDeletions, m_setOldest;
    // On the reader, used under its mutex.
    Statement m_rowsUp, m_rowsDown, m_readHead, m_readOne, m_undo, m_revisionAt, m_oldest;
};

}  // namespace qd::store
