// Containers' logs: the CRI log format, where to begin for "the last n lines", and reading on while they grow and
// rotate. Format: "<RFC 3339 time with nanoseconds> <stdout|stderr> <P|F> <text>\n"; P is a line that goes on in the
// next entry.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::agent::logs {

struct LogEntry {
    std::string_view time;  // as it is written
    std::string_view stream;
    bool partial = false;
    std::string_view text;  // without the line feed
};
// Nothing for a line that is none of the format.
std::optional<LogEntry> parseEntry(std::string_view line);
// The time of an entry; nothing when it cannot be read.
std::optional<base::WallTime> parseTime(std::string_view text);

struct LogOptions {
    bool follow = false;
    bool timestamps = false;
    std::optional<std::int64_t> tailLines;
    std::optional<std::int64_t> limitBytes;
    base::WallTime since{};  // 1970 = all
    std::string stream;      // "", "All", "Stdout", "Stderr"
};

// Reads one log file from where the options say. Not thread-safe; never blocks.
class LogReader {
public:
    enum class State { More, Waiting, End };

    // `isRunning` says whether the container may still write: following ends when it does not.
    static Result<LogReader> open(std::string path, LogOptions options, std::function<bool()> isRunning);
    LogReader(LogReader&& other) noexcept;
    LogReader& operator=(LogReader&& other) = delete;
    ~LogReader();

    // Appends up to about 64 KiB of what the client is to see. Waiting: all has been read, and there may be more later.
    State next(std::string& out);

private:
    LogReader(std::string path, LogOptions options, std::function<bool()> isRunning, int descriptor);
    void seekToTail();
    bool takeLine(std::string_view line, std::string& out);
    bool hasRotated();

    std::string m_path;
    LogOptions m_options;
    std::function<bool()> m_isRunning;
    int m_descriptor = -1;
    std::string m_rest;    // the beginning of a line whose end has not been written yet
    bool m_begun = false;  // the line of the last entry goes on: no timestamp again
    std::int64_t m_given = 0;
    bool m_ended = false;
};

// Renames a log that has grown beyond `most` bytes to <path>.<time> and deletes the oldest of more than `keep` files
// (the current one counts). Answers whether it was renamed: then the runtime must reopen it.
Result<bool> rotateIfLarge(const std::string& path, std::int64_t most, int keep, base::WallTime now);

}  // namespace qd::agent::logs
