#include "cluster/apiserver/transport/http2_session.h"

#include <algorithm>

#include "cluster/apiserver/transport/body_pump.h"
#include "cluster/apiserver/transport/messages.h"
#include "cluster/base/log.h"

namespace qd::apiserver {

namespace {

// How much is gathered before it is written: a few TLS records.
constexpr std::size_t kWritePart = 64 * 1024;
constexpr std::int32_t kStreamWindow = 256 * 1024;
constexpr std::int32_t kConnectionWindow = 1024 * 1024;

Http2Session& sessionOf(void* data) {
    return *static_cast<Http2Session*>(data);
}

nghttp2_nv field(std::string_view name, std::string_view value) {
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
            NGHTTP2_NV_FLAG_NONE};
}

std::string_view view(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

std::string lowerCase(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return out;
}

}  // namespace

void Http2Session::makeCallbacks(nghttp2_session_callbacks* callbacks) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* data) {
            if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) sessionOf(data).m_streams.try_emplace(frame->hd.stream_id);
            return 0;
        });
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t nameSize,
                      const std::uint8_t* value, std::size_t valueSize, std::uint8_t, void* data) {
            // Trailers are not used by any client of the API.
            Stream* stream = sessionOf(data).find(frame->hd.stream_id);
            if (stream != nullptr && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
                sessionOf(data).headerArrived(*stream, view(name, nameSize), view(value, valueSize));
            }
            return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks,
        [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size, void* data) {
            if (Stream* stream = sessionOf(data).find(id)) sessionOf(data).bodyArrived(id, *stream, view(bytes, size));
            return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* data) {
            const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
            if (ends && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
                sessionOf(data).requestComplete(frame->hd.stream_id);
            }
            return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* data) {
            sessionOf(data).m_streams.erase(id);
            return 0;
        });
}

void Http2Session::start() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    makeCallbacks(callbacks);
    nghttp2_session* session = nullptr;
    const int made = nghttp2_session_server_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    if (made != 0) return m_connection->close();
    m_session.reset(session);
    const ServerOptions& options = m_connection->core().options;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.concurrentStreams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(options.headerLimit)},
    };
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
    flush();
    m_connection->setReadDeadline(options.headerTimeout);
    readMore();
}

// --- Reading ---

void Http2Session::readMore() {
    if (m_closed) return;
    m_connection->read([self = shared_from_this()](std::string_view data) { self->received(data); });
}

void Http2Session::received(std::string_view data) {
    if (data.empty()) return m_connection->close();
    m_receiving = true;
    const auto used =
        nghttp2_session_mem_recv(m_session.get(), reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
    m_receiving = false;
    if (used < 0) {
        ++m_connection->core().malformed;
        nghttp2_session_terminate_session(m_session.get(), NGHTTP2_PROTOCOL_ERROR);
    }
    dispatchReady();
    flush();
    if (m_closed) return;
    updateDeadline();
    readMore();
}

void Http2Session::headerArrived(Stream& stream, std::string_view name, std::string_view value) {
    constexpr std::size_t kFieldCost = 32;  // RFC 9113 section 6.5.2
    stream.headerSize += name.size() + value.size() + kFieldCost;
    if (stream.headerSize > m_connection->core().options.headerLimit) {
        stream.request.headers = {};
        return;
    }
    if (name == ":method") {
        stream.request.method = value;
    } else if (name == ":path") {
        stream.target = value;
    } else if (name == ":authority") {
        stream.request.headers.add("Host", std::string(value));
    } else if (name.starts_with(':')) {
        return;
    } else if (name == "cookie" && stream.request.headers.find(name) != nullptr) {
        // RFC 9113 section 8.2.3: a cookie field may come in parts.
        stream.request.headers.set("cookie", std::string(stream.request.headers.get(name)) + "; " + std::string(value));
    } else if (name != "host" || stream.request.headers.find("host") == nullptr) {
        stream.request.headers.add(std::string(name), std::string(value));
    }
}

void Http2Session::bodyArrived(std::int32_t id, Stream& stream, std::string_view data) {
    if (stream.dispatched || stream.request.bodyTooLarge) return;
    stream.request.body.append(data);
    if (stream.request.body.size() <= m_connection->core().options.bodyLimit) return;
    stream.request.body = {};
    stream.request.bodyTooLarge = true;
    stream.resetAfter = true;
    m_ready.push_back(id);
}

void Http2Session::requestComplete(std::int32_t id) {
    Stream* stream = find(id);
    if (stream == nullptr) return;
    stream->resetAfter = false;
    if (!stream->request.bodyTooLarge) m_ready.push_back(id);
}

// After nghttp2 has taken what came: its callbacks must not submit while it is in the middle of a frame.
void Http2Session::dispatchReady() {
    for (const std::int32_t id : std::exchange(m_ready, {})) {
        Stream* stream = find(id);
        if (stream == nullptr || std::exchange(stream->dispatched, true)) continue;
        const bool tooLong = stream->headerSize > m_connection->core().options.headerLimit;
        if (tooLong || !setTarget(stream->request, stream->target)) {
            ++m_connection->core().malformed;
            respond(id, tooLong ? plainText(431, "431 Request Header Fields Too Large")
                                : plainText(400, "400 Bad Request"));
            continue;
        }
        Request request = std::move(stream->request);
        stream->request = {};
        stream->request.method = request.method;  // HEAD and gzip are looked at again when the response is there
        if (acceptsGzip(request.headers)) stream->request.headers.add("Accept-Encoding", "gzip");
        request.version = HttpVersion::Http2;
        m_connection->describePeer(request);
        // Off the strand: a long list of one stream must not hold up the others.
        asio::post(
            m_connection->core().io.context(), [self = shared_from_this(), id, request = std::move(request)]() mutable {
                auto response = std::make_unique<Response>(self->m_connection->core().handle(std::move(request)));
                auto& connection = *self->m_connection;
                asio::post(connection.strand(), [self = std::move(self), id, response = std::move(response)] {
                    self->respond(id, std::move(*response));
                    self->flush();
                });
            });
    }
}

void Http2Session::updateDeadline() {
    const ServerOptions& options = m_connection->core().options;
    if (m_streams.empty()) return m_connection->setReadDeadline(options.idleTimeout);
    const bool incomplete = std::ranges::any_of(m_streams, [](const auto& entry) { return !entry.second.dispatched; });
    m_connection->setReadDeadline(incomplete ? options.bodyTimeout : base::Duration::zero());
}

Http2Session::Stream* Http2Session::find(std::int32_t id) {
    const auto found = m_streams.find(id);
    return found == m_streams.end() ? nullptr : &found->second;
}

// --- Responding ---

void Http2Session::respond(std::int32_t id, Response response) {
    Stream* stream = find(id);
    if (stream == nullptr || m_closed) return;  // the peer has given the request up
    if (response.gate) return waitAtGate(id, std::move(response));
    if (response.upgrade) {
        base::logger("http")->error("a handler upgraded a request over HTTP/2");
        response = internalError();
    }
    submit(id, *stream, std::move(response));
}

void Http2Session::waitAtGate(std::int32_t id, Response response) {
    Gate gate = std::exchange(response.gate, nullptr);
    gate(makeRelease(m_connection->core().io.shared(), m_connection->strand(),
                     [weak = weak_from_this(), id, waiting = std::move(response)](std::unique_ptr<Response> instead,
                                                                                  bool aborted) mutable {
                         const auto self = weak.lock();
                         if (!self || self->m_closed) return;
                         if (aborted) {
                             self->reset(id, NGHTTP2_INTERNAL_ERROR);
                         } else {
                             self->respond(id, instead ? std::move(*instead) : std::move(waiting));
                         }
                         self->flush();
                     }));
}

void Http2Session::submit(std::int32_t id, Stream& stream, Response response) {
    const bool withBody = mayHaveBody(response.code);
    compressIfAllowed(response, stream.request.headers.find("Accept-Encoding") != nullptr,
                      m_connection->core().options.compressFrom);
    Headers headers{{":status", std::to_string(response.code)}};
    for (const auto& [name, value] : response.headers) {
        if (!isConnectionField(name)) headers.add(lowerCase(name), value);
    }
    headers.add("date", httpDate(m_connection->core().clock.now()));
    if (withBody && !response.stream) headers.add("content-length", std::to_string(http::totalSize(response.body)));
    std::vector<nghttp2_nv> fields;
    for (const auto& [name, value] : headers) fields.push_back(field(name, value));

    const bool sendBody = withBody && stream.request.method != "HEAD" && (response.stream || !response.body.empty());
    if (sendBody) {
        stream.body = std::move(response.body);
        stream.source = std::move(response.stream);
    }
    nghttp2_data_provider provider{};
    provider.source.ptr = this;
    provider.read_callback = [](nghttp2_session*, std::int32_t streamId, std::uint8_t* out, std::size_t room,
                                std::uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
        auto& self = *static_cast<Http2Session*>(source->ptr);
        Stream* found = self.find(streamId);
        if (found == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        return self.fill(streamId, *found, out, room, flags);
    };
    if (stream.source) {
        stream.source->start(
            makeWake(m_connection->core().io.shared(), m_connection->strand(), [weak = weak_from_this(), id] {
                if (const auto self = weak.lock()) self->wake(id);
            }));
    }
    if (nghttp2_submit_response(m_session.get(), id, fields.data(), fields.size(), sendBody ? &provider : nullptr) !=
        0) {
        reset(id, NGHTTP2_INTERNAL_ERROR);
    } else if (stream.resetAfter && !sendBody) {
        reset(id, NGHTTP2_NO_ERROR);
    }
}

// Asks the source for the next buffers. False when it has none now.
bool Http2Session::pullSource(Stream& stream) {
    stream.body.clear();
    stream.index = stream.offset = 0;
    if (m_draining) stream.sourceState = BodySource::State::End;
    if (stream.sourceState != BodySource::State::End) stream.sourceState = stream.source->next(stream.body);
    if (stream.sourceState == BodySource::State::End) stream.source.reset();
    return !stream.body.empty();
}

ssize_t Http2Session::fill(std::int32_t id, Stream& stream, std::uint8_t* out, std::size_t room, std::uint32_t* flags) {
    std::size_t filled = 0;
    for (;;) {
        while (filled < room && stream.index < stream.body.size()) {
            const std::string& current = *stream.body[stream.index];
            const std::size_t taken = std::min(room - filled, current.size() - stream.offset);
            std::copy_n(current.data() + stream.offset, taken, reinterpret_cast<char*>(out) + filled);
            filled += taken;
            stream.offset += taken;
            if (stream.offset == current.size()) {
                ++stream.index;
                stream.offset = 0;
            }
        }
        if (filled == room) break;
        if (!stream.source) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
            if (stream.resetAfter) reset(id, NGHTTP2_NO_ERROR);
            break;
        }
        // One turn of the source a frame: what it gives together goes out together, and others get their turn.
        if (filled > 0) break;
        if (!pullSource(stream)) {
            if (stream.sourceState == BodySource::State::Abort) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
            if (stream.sourceState == BodySource::State::Waiting) return NGHTTP2_ERR_DEFERRED;
            if (stream.sourceState == BodySource::State::More) {
                // A source that says More without giving anything is asked again after others have had their turn.
                asio::post(m_connection->strand(), [self = shared_from_this(), id] { self->wake(id); });
                return NGHTTP2_ERR_DEFERRED;
            }
        }
    }
    return static_cast<ssize_t>(filled);
}

void Http2Session::wake(std::int32_t id) {
    if (m_closed || find(id) == nullptr) return;
    nghttp2_session_resume_data(m_session.get(), id);
    flush();
}

void Http2Session::reset(std::int32_t id, std::uint32_t code) {
    nghttp2_submit_rst_stream(m_session.get(), NGHTTP2_FLAG_NONE, id, code);
}

// Writes what nghttp2 has to send, one write at a time.
void Http2Session::flush() {
    if (m_writing || m_closed || m_receiving) return;
    std::string out;
    while (out.size() < kWritePart) {
        const std::uint8_t* data = nullptr;
        const auto size = nghttp2_session_mem_send(m_session.get(), &data);
        if (size < 0) return m_connection->close();
        if (size == 0) break;
        out.append(view(data, static_cast<std::size_t>(size)));
    }
    if (out.empty()) {
        const bool done =
            nghttp2_session_want_read(m_session.get()) == 0 && nghttp2_session_want_write(m_session.get()) == 0;
        if (done || (m_draining && m_streams.empty())) m_connection->closeGracefully();
        return;
    }
    m_writing = true;
    m_connection->write({http::bytes(std::move(out))}, [self = shared_from_this()](bool good) {
        self->m_writing = false;
        if (!good) return self->m_connection->close();
        self->flush();
        if (!self->m_closed) self->updateDeadline();
    });
}

// --- The end ---

void Http2Session::drain() {
    m_draining = true;
    nghttp2_submit_goaway(m_session.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(m_session.get()),
                          NGHTTP2_NO_ERROR, nullptr, 0);
    for (auto& [id, stream] : m_streams) {
        if (stream.source) nghttp2_session_resume_data(m_session.get(), id);
    }
    flush();
}

void Http2Session::closed() {
    m_closed = true;
    m_streams.clear();
}

}  // namespace qd::apiserver
