#include "cluster/client/https_watch.h"

#include "cluster/api/codec/list.h"
#include "cluster/api/codec/object_codec.h"
#include "cluster/api/meta/status.h"

namespace qd::client {
namespace {

// The server is held back while this much waits to be decoded.
constexpr std::size_t kMostWaiting = 8 * 1024 * 1024;
// What an answer that is no watch is kept of, for its error.
constexpr std::size_t kLongestStatus = 1024 * 1024;

WatchEvent errorEvent(Error error) {
    return {WatchEvent::Type::Error, nullptr, "", std::move(error)};
}

Result<WatchEvent> decodeEvent(std::string_view line) {
    auto parts = api::decodeWatchEvent(line, false);
    if (!parts) return fail(std::move(parts.error()));
    if (parts->type == "ERROR") {
        Error error = api::errorFromStatus(500, parts->object);
        error.code = 0;
        return errorEvent(std::move(error));
    }
    auto object = api::decodeObject(parts->object);
    if (!object) return fail(std::move(object.error()));
    std::string version = (*object)->metadata.resourceVersion;
    using Type = WatchEvent::Type;
    if (parts->type == "BOOKMARK") return WatchEvent{Type::Bookmark, nullptr, std::move(version)};
    if (parts->type == "ADDED") return WatchEvent{Type::Added, std::move(*object), std::move(version)};
    if (parts->type == "MODIFIED") return WatchEvent{Type::Modified, std::move(*object), std::move(version)};
    if (parts->type == "DELETED") return WatchEvent{Type::Deleted, std::move(*object), std::move(version)};
    return fail(Reason::InternalError, "unknown type of event " + parts->type);
}

}  // namespace

void WatchReader::begin(std::unique_ptr<ResponseStream> stream) {
    const std::lock_guard lock(m_mutex);
    if (!m_end) m_stream = std::move(stream);
}

void WatchReader::stop() {
    std::unique_ptr<ResponseStream> last;  // goes outside of the lock
    const std::lock_guard lock(m_mutex);
    m_stopped = true;
    last = std::move(m_stream);
}

void WatchReader::head(int code, http::Headers) {
    const std::lock_guard lock(m_mutex);
    m_code = code;
}

void WatchReader::data(std::string_view part) {
    const std::lock_guard lock(m_mutex);
    if (m_stopped) return;
    if (m_code != 200) {
        m_received.append(part.substr(0, kLongestStatus - std::min(kLongestStatus, m_received.size())));
        return;
    }
    m_received.append(part);
    if (!m_paused && m_stream && m_received.size() > kMostWaiting && m_scheduled) {
        m_paused = true;
        m_stream->pause();
    }
    if (part.find('\n') != std::string_view::npos) schedule();
}

void WatchReader::end(Result<void> result) {
    const std::lock_guard lock(m_mutex);
    m_end = std::move(result);
    if (!m_stopped) schedule();
}

// Called with the lock held.
void WatchReader::schedule() {
    if (std::exchange(m_scheduled, true)) return;
    m_strand.post([self = shared_from_this()] { self->drain(); });
}

void WatchReader::drain() {
    std::string lines;
    std::optional<WatchEvent> last;
    {
        const std::lock_guard lock(m_mutex);
        m_scheduled = false;
        if (m_stopped) return;
        const std::size_t whole = m_code == 200 ? m_received.rfind('\n') : std::string::npos;
        if (whole != std::string::npos) {
            lines = m_received.substr(0, whole + 1);
            m_received.erase(0, whole + 1);
        }
        if (m_paused && m_stream) m_stream->resume();
        m_paused = false;
        if (m_end) last = ending();
    }
    auto events = decode(lines);
    const bool broken = !events.empty() && events.back().type == WatchEvent::Type::Error;
    if (last && !broken) events.push_back(std::move(*last));
    if (broken || last) stop();
    if (!events.empty()) m_handler(std::move(events));
}

std::vector<WatchEvent> WatchReader::decode(std::string_view lines) const {
    std::vector<WatchEvent> events;
    while (!lines.empty()) {
        const std::size_t length = lines.find('\n');
        const std::string_view line = lines.substr(0, length);
        lines.remove_prefix(length + 1);
        if (line.empty()) continue;
        auto event = decodeEvent(line);
        events.push_back(event ? std::move(*event)
                               : errorEvent(event.error().within("an event of the watch cannot be read")));
        if (events.back().type == WatchEvent::Type::Error) break;
    }
    return events;
}

// Called with the lock held.
WatchEvent WatchReader::ending() const {
    if (!*m_end && m_code == 0) return errorEvent(m_end->error());
    if (m_code != 200) return errorEvent(api::errorFromStatus(m_code, m_received));
    if (!*m_end) return errorEvent(m_end->error());
    return errorEvent({Reason::Timeout, "the server ended the watch"});
}

}  // namespace qd::client
