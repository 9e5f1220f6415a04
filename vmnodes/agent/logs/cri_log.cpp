#include "vmnodes/agent/logs/cri_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

namespace qd::agent::logs {
namespace {

constexpr std::size_t kChunk = 64 * 1024;

bool readNumber(std::string_view text, int& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<LogEntry> parseEntry(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t second = first == line.npos ? line.npos : line.find(' ', first + 1);
    if (second == line.npos) return std::nullopt;
    const std::size_t third = std::min(line.find(' ', second + 1), line.size());
    LogEntry entry;
    entry.time = line.substr(0, first);
    entry.stream = line.substr(first + 1, second - first - 1);
    const std::string_view tags = line.substr(second + 1, third - second - 1);
    if ((entry.stream != "stdout" && entry.stream != "stderr") || tags.empty()) return std::nullopt;
    entry.partial = tags.substr(0, tags.find(':')) == "P";
    entry.text = third < line.size() ? line.substr(third + 1) : std::string_view();
    return entry;
}

std::optional<base::WallTime> parseTime(std::string_view text) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    if (text.size() < 20 || text[10] != 'T') return std::nullopt;
    if (!readNumber(text.substr(0, 4), year) || !readNumber(text.substr(5, 2), month) ||
        !readNumber(text.substr(8, 2), day) || !readNumber(text.substr(11, 2), hour) ||
        !readNumber(text.substr(14, 2), minute) || !readNumber(text.substr(17, 2), second))
        return std::nullopt;
    std::size_t at = 19;
    std::int64_t micro = 0;
    if (text[at] == '.') {
        std::int64_t scale = 100'000;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
            micro += (text[at] - '0') * scale;
    }
    using namespace std::chrono;
    const auto date = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) /
                      std::chrono::day(static_cast<unsigned>(day));
    sys_seconds whole = sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
    if (at < text.size() && text[at] != 'Z') {  // +02:00
        int offsetHours = 0, offsetMinutes = 0;
        if (text.size() < at + 6 || !readNumber(text.substr(at + 1, 2), offsetHours) ||
            !readNumber(text.substr(at + 4, 2), offsetMinutes))
            return std::nullopt;
        const auto offset = hours(offsetHours) + minutes(offsetMinutes);
        whole += text[at] == '-' ? offset : -offset;
    }
    return base::WallTime(whole + microseconds(micro));
}

LogReader::LogReader(std::string path, LogOptions options, std::function<bool()> isRunning, int descriptor)
    : m_path(std::move(path)),
      m_options(std::move(options)),
      m_isRunning(std::move(isRunning)),
      m_descriptor(descriptor) {}

LogReader::LogReader(LogReader&& other) noexcept
    : m_path(std::move(other.m_path)),
      m_options(std::move(other.m_options)),
      m_isRunning(std::move(other.m_isRunning)),
      m_descriptor(std::exchange(other.m_descriptor, -1)),
      m_rest(std::move(other.m_rest)),
      m_begun(other.m_begun),
      m_given(other.m_given),
      m_ended(other.m_ended) {}

LogReader::~LogReader() {
    if (m_descriptor >= 0) ::close(m_descriptor);
}

Result<LogReader> LogReader::open(std::string path, LogOptions options, std::function<bool()> isRunning) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return fail(errno == ENOENT ? Reason::NotFound : Reason::InternalError,
                    "failed to try resolving symlinks in path \"" + path + "\": " + std::strerror(errno));
    LogReader reader(std::move(path), std::move(options), std::move(isRunning), descriptor);
    if (reader.m_options.tailLines) reader.seekToTail();
    return reader;
}

// To where the last n lines begin: counts line ends backwards, a block at a time. Entries that are parts of one line
// count each, as upstream counts them.
void LogReader::seekToTail() {
    std::int64_t wanted = *m_options.tailLines;
    off_t position = ::lseek(m_descriptor, 0, SEEK_END);
    if (wanted <= 0) return;
    char block[8192];
    bool atEnd = true;
    while (position > 0) {
        const auto size = static_cast<std::size_t>(std::min<off_t>(position, sizeof block));
        position -= static_cast<off_t>(size);
        if (::pread(m_descriptor, block, size, position) != static_cast<ssize_t>(size)) break;
        for (std::size_t i = size; i-- > 0;) {
            // The line end at the very end closes the last line; it begins none.
            const bool closesTheLast = std::exchange(atEnd, false);
            if (block[i] == '\n' && !closesTheLast && wanted-- == 1) {
                ::lseek(m_descriptor, position + static_cast<off_t>(i) + 1, SEEK_SET);
                return;
            }
        }
    }
    ::lseek(m_descriptor, 0, SEEK_SET);
}

// False when the limit is reached.
bool LogReader::takeLine(std::string_view line, std::string& out) {
    const auto entry = parseEntry(line);
    if (!entry) return true;
    if ((m_options.stream == "Stdout" && entry->stream != "stdout") ||
        (m_options.stream == "Stderr" && entry->stream != "stderr"))
        return true;
    if (m_options.since != base::WallTime{})
        if (const auto time = parseTime(entry->time); time && *time < m_options.since) return true;
    std::string text;
    if (m_options.timestamps && !m_begun) text = std::string(entry->time) + " ";
    text += entry->text;
    if (!entry->partial) text += '\n';
    m_begun = entry->partial;
    if (m_options.limitBytes) {
        const std::int64_t left = *m_options.limitBytes - m_given;
        if (static_cast<std::int64_t>(text.size()) >= left) {
            out += text.substr(0, static_cast<std::size_t>(std::max<std::int64_t>(left, 0)));
            return false;
        }
    }
    m_given += static_cast<std::int64_t>(text.size());
    out += text;
    return true;
}

bool LogReader::hasRotated() {
    struct stat open {
    }, named{};
    if (::fstat(m_descriptor, &open) != 0 || ::stat(m_path.c_str(), &named) != 0 || open.st_ino == named.st_ino)
        return false;
    const int next = ::open(m_path.c_str(), O_RDONLY | O_CLOEXEC);
    if (next < 0) return false;
    ::close(std::exchange(m_descriptor, next));
    m_rest.clear();
    return true;
}

LogReader::State LogReader::next(std::string& out) {
    if (m_ended) return State::End;
    // Asked before reading: what was written until the container ended is then read for certain.
    const bool running = m_options.follow && m_isRunning();
    std::string block(kChunk, '\0');
    const ssize_t count = ::read(m_descriptor, block.data(), block.size());
    if (count > 0) {
        m_rest.append(block, 0, static_cast<std::size_t>(count));
        std::size_t at = 0;
        for (std::size_t end = 0; (end = m_rest.find('\n', at)) != m_rest.npos; at = end + 1) {
            if (takeLine(std::string_view(m_rest).substr(at, end - at), out)) continue;
            m_ended = true;
            return State::End;
        }
        m_rest.erase(0, at);
        return State::More;
    }
    if (m_options.follow && hasRotated()) return State::More;
    if (running) return State::Waiting;
    m_ended = true;
    return State::End;
}

Result<bool> rotateIfLarge(const std::string& path, std::int64_t most, int keep, base::WallTime now) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || status.st_size <= most) return false;
    namespace fs = std::filesystem;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    const std::string stamp = fmt::format("{:%Y%m%d-%H%M%S}", fmt::gmtime(static_cast<std::time_t>(seconds)));
    if (::rename(path.c_str(), (path + "." + stamp).c_str()) != 0)
        return fail(Reason::InternalError, "cannot rotate the log " + path + ": " + std::strerror(errno));
    std::vector<std::string> old;
    std::error_code error;
    const std::string prefix = fs::path(path).filename().string() + ".";
    for (fs::directory_iterator it(fs::path(path).parent_path(), error), end; !error && it != end; it.increment(error))
        if (it->path().filename().string().starts_with(prefix)) old.push_back(it->path());
    std::ranges::sort(old, std::greater());
    for (std::size_t i = static_cast<std::size_t>(std::max(keep - 1, 0)); i < old.size(); ++i)
        fs::remove(old[i], error);
    return true;
}

}  // namespace qd::agent::logs
