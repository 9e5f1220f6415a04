// What the HTTP server and the HTTP client have in common: shared bytes, header fields, query parameters and the
// two-way channel that an upgraded connection becomes. Nothing here knows Asio, Beast or nghttp2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qd::http {

// Immutable bytes that many responses may share: an object is encoded once, every list and watch sends the same bytes.
using Bytes = std::shared_ptr<const std::string>;
using Buffers = std::vector<Bytes>;

inline Bytes bytes(std::string text) {
    return std::make_shared<const std::string>(std::move(text));
}
std::size_t totalSize(const Buffers& buffers);

// Whether two header names are equal, RFC 9110 section 5.1.
bool equalIgnoringCase(std::string_view a, std::string_view b);

// Header fields in the order in which they came. Names compare without regard to case.
class Headers {
public:
    using Field = std::pair<std::string, std::string>;

    Headers() = default;
    Headers(std::initializer_list<Field> fields) : m_fields(fields) {}

    // The first value, or nullptr.
    const std::string* find(std::string_view name) const;
    // The first value, or an empty text.
    std::string_view get(std::string_view name) const;
    std::vector<std::string_view> all(std::string_view name) const;
    // Whether the comma-separated list in any field of this name holds the token (without regard to case).
    bool hasToken(std::string_view name, std::string_view token) const;
    // Replaces all fields of this name.
    void set(std::string_view name, std::string value);
    void add(std::string name, std::string value) { m_fields.emplace_back(std::move(name), std::move(value)); }
    void remove(std::string_view name);

    auto begin() const { return m_fields.begin(); }
    auto end() const { return m_fields.end(); }
    std::size_t size() const { return m_fields.size(); }
    bool empty() const { return m_fields.empty(); }

private:
    std::vector<Field> m_fields;
};

// Decoded query parameters in their order; a name may stand several times (`command=sh&command=-c`).
class Query {
public:
    using Parameter = std::pair<std::string, std::string>;

    Query() = default;
    Query(std::initializer_list<Parameter> parameters) : m_parameters(parameters) {}
    // Parses `a=b&c`; a pair whose percent-encoding is broken, or that holds a semicolon, is left out, as Go's does.
    static Query parse(std::string_view raw);

    const std::string* find(std::string_view name) const;
    // The first value, or an empty text.
    std::string_view get(std::string_view name) const;
    std::vector<std::string_view> all(std::string_view name) const;
    bool has(std::string_view name) const { return find(name) != nullptr; }
    void add(std::string name, std::string value) { m_parameters.emplace_back(std::move(name), std::move(value)); }
    // Encoded for a URL, in order, without the question mark.
    std::string encoded() const;

    auto begin() const { return m_parameters.begin(); }
    auto end() const { return m_parameters.end(); }
    bool empty() const { return m_parameters.empty(); }

private:
    std::vector<Parameter> m_parameters;
};

// Percent-decoding of a path (plus stays plus); nullopt when an escape is broken.
std::optional<std::string> decodePath(std::string_view raw);
// Percent-encoding of one path segment.
std::string encodePathSegment(std::string_view segment);

// --- An upgraded connection: a WebSocket, or raw bytes after `Connection: Upgrade` (SPDY/3.1, a proxied protocol) ---

// Our end of the channel. Thread-safe; every function may also be called after the channel has closed and does nothing
// then.
class Channel {
public:
    virtual ~Channel() = default;
    // Queues one message (WebSocket: one frame; raw: bytes). Order is kept.
    virtual void send(Buffers message, bool text = false) = 0;
    // Bytes queued and not yet handed to the kernel. A sender that can wait stops at some 1 MiB and goes on in
    // drained().
    virtual std::size_t queued() const = 0;
    // Stops and resumes the delivery of messages, so that the peer is held back by its own window.
    virtual void pauseReading() = 0;
    virtual void resumeReading() = 0;
    // Sends what is queued, then closes. The code is WebSocket's (RFC 6455 section 7.4) and unused on raw channels.
    virtual void close(std::uint16_t code = 1000, std::string reason = {}) = 0;
};

// The owner's end. Calls come one at a time, on a transport thread; they must not block. closed() comes exactly once,
// last.
class ChannelHandler {
public:
    virtual ~ChannelHandler() = default;
    virtual void opened(std::shared_ptr<Channel> channel) = 0;
    // text: whether a WebSocket message came as text; on a raw channel false.
    virtual void received(std::string message, bool text) = 0;
    // The queue has become empty after it held something.
    virtual void drained() {}
    // code 1006: the connection went without a closing handshake.
    virtual void closed(std::uint16_t code, std::string_view reason) = 0;
};

}  // namespace qd::http
