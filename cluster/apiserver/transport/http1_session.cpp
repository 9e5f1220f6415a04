#include "cluster/apiserver/transport/http1_session.h"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>

#include "cluster/apiserver/transport/body_pump.h"
#include "cluster/apiserver/transport/messages.h"
#include "cluster/base/http/tls_channel.h"
#include "cluster/base/log.h"

namespace qd::apiserver {

namespace {

namespace beast = boost::beast;

// Pipelined requests wait here while one is being answered; beyond that the peer is held back.
constexpr std::size_t kReadAhead = 64 * 1024;
// After a refused body: how much of the rest is read, so that the answer is not lost in a reset.
constexpr std::size_t kDiscardLimit = 64 * 1024 * 1024;
// How long what still comes is read and dropped after an answer that ends the connection: closing at once would reset it, and
// the peer might never see the answer. A body that is too large may take its time; what is no HTTP gets what Go gives it.
constexpr base::Duration kDiscardBody = std::chrono::seconds(10);
constexpr base::Duration kDiscardNoise = std::chrono::milliseconds(500);

const Bytes kContinue = http::bytes("HTTP/1.1 100 Continue\r\n\r\n");
const Bytes kLineEnd = http::bytes("\r\n");
const Bytes kLastChunk = http::bytes("0\r\n\r\n");

}  // namespace

void Http1Session::start() {
    m_connection->setReadDeadline(m_connection->core().options.headerTimeout);
    readMore();
}

// --- Reading ---

void Http1Session::readMore() {
    if (m_readPending || m_peerGone || m_phase == Phase::Closed) return;
    m_readPending = true;
    m_connection->read([self = shared_from_this()](std::string_view data) {
        self->m_readPending = false;
        self->received(data);
    });
}

void Http1Session::received(std::string_view data) {
    if (data.empty()) {
        m_peerGone = true;
        // A peer that has only ended its own half still gets the answer it waits for, but no endless one.
        if (m_phase != Phase::Responding || m_source) m_connection->close();
        return;
    }
    if (m_phase == Phase::Discarding) {
        m_discarded += data.size();
        return m_discarded > kDiscardLimit ? m_connection->close() : readMore();
    }
    m_in.append(data);
    if (m_phase == Phase::Reading) return parse();
    if (m_in.size() < kReadAhead) readMore();
}

void Http1Session::parse() {
    const ServerOptions& options = m_connection->core().options;
    while (m_phase == Phase::Reading) {
        if (m_in.empty()) return readMore();
        if (!m_parser) {
            m_parser.emplace();
            m_parser->header_limit(static_cast<std::uint32_t>(options.headerLimit));
            m_parser->body_limit(boost::none);  // checked here, so that the handler can answer
            m_connection->setReadDeadline(options.headerTimeout);
        }
        const bool headWasDone = m_parser->is_header_done();
        ErrorCode error;
        m_in.erase(0, m_parser->put(asio::buffer(m_in), error));
        if (error == beast::http::error::header_limit) return refuse(431, "431 Request Header Fields Too Large");
        if (error && error != beast::http::error::need_more) return refuse(400, "400 Bad Request");
        if (!headWasDone && m_parser->is_header_done() && !headArrived()) return;
        if (m_parser->is_done()) return dispatch(false);
        if (m_parser->get().body().size() > options.bodyLimit) return dispatch(true);
        if (error == beast::http::error::need_more) return readMore();
    }
}

// Checks what can be checked before the body has come. False when the request has been answered or given away.
bool Http1Session::headArrived() {
    const auto& head = m_parser->get();
    const ServerOptions& options = m_connection->core().options;
    if (head.version() != 10 && head.version() != 11) {
        refuse(505, "505 HTTP Version Not Supported");
        return false;
    }
    if (head.version() == 11 && head.count(beast::http::field::host) != 1) {
        refuse(400, "400 Bad Request: missing required Host header");
        return false;
    }
    if (head.count(beast::http::field::transfer_encoding) > 0 && !m_parser->chunked()) {
        refuse(501, "501 Not Implemented: Unsupported transfer encoding");
        return false;
    }
    if (m_parser->content_length_remaining().value_or(0) > options.bodyLimit) {
        dispatch(true);
        return false;
    }
    m_parser->eager(true);
    if (m_parser->is_done()) return true;
    m_connection->setReadDeadline(options.bodyTimeout);
    if (beast::iequals(head[beast::http::field::expect], "100-continue") && m_in.empty()) {
        m_connection->write({kContinue}, [self = shared_from_this()](bool good) {
            good ? self->readMore() : self->m_connection->close();
        });
        return false;
    }
    return true;
}

// What is not HTTP, or not to be answered by the handler. The connection ends with it.
void Http1Session::refuse(int code, const std::string& text) {
    ++m_connection->core().malformed;
    m_phase = Phase::Responding;
    m_keepAlive = false;
    m_discardAfter = kDiscardNoise;
    m_isHead = m_http10 = m_gzip = m_wantsUpgrade = false;
    send(plainText(code, text));
}

void Http1Session::dispatch(bool bodyTooLarge) {
    auto message = m_parser->release();
    m_keepAlive = message.keep_alive() && !bodyTooLarge && !m_draining;
    m_discardAfter = bodyTooLarge ? kDiscardBody : base::Duration{};
    m_parser.reset();

    Request request;
    request.method = std::string(message.method_string());
    if (!setTarget(request, std::string_view(message.target().data(), message.target().size()))) {
        return refuse(400, "400 Bad Request");
    }
    for (const auto& field : message) request.headers.add(std::string(field.name_string()), std::string(field.value()));
    request.bodyTooLarge = bodyTooLarge;
    if (!bodyTooLarge) request.body = std::move(message.body());
    request.version = message.version() == 10 ? HttpVersion::Http10 : HttpVersion::Http11;
    m_connection->describePeer(request);

    m_phase = Phase::Responding;
    m_isHead = request.method == "HEAD";
    m_http10 = request.version == HttpVersion::Http10;
    m_gzip = acceptsGzip(request.headers);
    m_wantsUpgrade = request.headers.hasToken("Connection", "upgrade") && !m_http10;
    if (m_wantsUpgrade) {
        m_upgradeHead = fmt::format("{} {} HTTP/1.1\r\n", request.method, std::string_view(message.target()));
        for (const auto& [name, value] : request.headers) m_upgradeHead += name + ": " + value + "\r\n";
        m_upgradeHead += "\r\n";
    }
    m_connection->setReadDeadline(base::Duration::zero());
    // An upgraded connection's bytes belong to the channel: nothing is read ahead then.
    if (!m_wantsUpgrade) readMore();
    respond(m_connection->core().handle(std::move(request)));
}

// --- Responding ---

void Http1Session::respond(Response response) {
    if (m_phase != Phase::Responding) return;
    if (response.gate) return waitAtGate(std::move(response));
    if (response.upgrade) return upgrade(std::move(response));
    send(std::move(response));
}

void Http1Session::waitAtGate(Response response) {
    Gate gate = std::exchange(response.gate, nullptr);
    gate(makeRelease(m_connection->core().io.shared(), m_connection->strand(),
                     [weak = weak_from_this(), waiting = std::move(response)](std::unique_ptr<Response> instead,
                                                                              bool aborted) mutable {
                         const auto self = weak.lock();
                         if (!self || self->m_phase != Phase::Responding) return;
                         if (aborted) return self->m_connection->close();
                         self->respond(instead ? std::move(*instead) : std::move(waiting));
                     }));
}

std::string Http1Session::headOf(const Response& response, bool withBody) const {
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.code, phraseOf(response.code));
    for (const auto& [name, value] : response.headers) {
        if (isConnectionField(name) || value.find_first_of("\r\n") != std::string::npos) continue;
        head += name;
        head += ": ";
        head += value;
        head += "\r\n";
    }
    head += "Date: " + httpDate(m_connection->core().clock.now()) + "\r\n";
    if (withBody && !response.stream) {
        head += fmt::format("Content-Length: {}\r\n", http::totalSize(response.body));
    } else if (withBody && !m_http10) {
        head += "Transfer-Encoding: chunked\r\n";
    }
    if (!m_keepAlive) {
        head += "Connection: close\r\n";
    } else if (m_http10) {
        head += "Connection: keep-alive\r\n";
    }
    return head + "\r\n";
}

void Http1Session::send(Response response) {
    if (m_draining) m_keepAlive = false;
    const bool withBody = mayHaveBody(response.code);
    if (m_http10 && response.stream) m_keepAlive = false;  // the end of the connection is the end of the body
    compressIfAllowed(response, m_gzip, m_connection->core().options.compressFrom);
    Buffers out{http::bytes(headOf(response, withBody))};
    if (!withBody || m_isHead) {
        m_connection->write(std::move(out), [self = shared_from_this()](bool good) { self->responseSent(good); });
        return;
    }
    if (!response.stream) {
        out.insert(out.end(), response.body.begin(), response.body.end());
        m_connection->write(std::move(out), [self = shared_from_this()](bool good) { self->responseSent(good); });
        return;
    }
    if (const std::size_t size = http::totalSize(response.body); size > 0) {
        if (!m_http10) out.push_back(http::bytes(fmt::format("{:x}\r\n", size)));
        out.insert(out.end(), response.body.begin(), response.body.end());
        if (!m_http10) out.push_back(kLineEnd);
    }
    m_source = std::move(response.stream);
    m_sourceState = BodySource::State::More;
    m_sourceWriting = true;
    m_source->start(makeWake(m_connection->core().io.shared(), m_connection->strand(), [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || !self->m_source) return;
        self->m_sourceWoken = true;
        if (!self->m_sourceWriting) self->pumpStream();
    }));
    m_connection->write(std::move(out), [self = shared_from_this()](bool good) { self->streamSent(good); });
    if (m_peerGone) m_connection->close();
}

// Takes what the source has and sends it as one chunk, until the source has nothing.
void Http1Session::pumpStream() {
    if (m_draining) m_sourceState = BodySource::State::End;
    Buffers parts;
    if (m_sourceState != BodySource::State::End) {
        m_sourceWoken = false;
        m_sourceState = m_source->next(parts);
    }
    if (m_sourceState == BodySource::State::Abort) return m_connection->close();
    const std::size_t size = http::totalSize(parts);
    const bool ended = m_sourceState == BodySource::State::End;
    if (size == 0 && !ended) {
        // A source that says More without giving anything is asked again after others have had their turn.
        if (m_sourceState == BodySource::State::More || m_sourceWoken) {
            asio::post(m_connection->strand(), [self = shared_from_this()] {
                if (self->m_source && !self->m_sourceWriting) self->pumpStream();
            });
        }
        return;
    }
    Buffers out;
    if (size > 0) {
        if (!m_http10) out.push_back(http::bytes(fmt::format("{:x}\r\n", size)));
        out.insert(out.end(), parts.begin(), parts.end());
        if (!m_http10) out.push_back(kLineEnd);
    }
    if (ended && !m_http10) out.push_back(kLastChunk);
    m_sourceWriting = true;
    if (ended) {
        m_source.reset();
        m_connection->write(std::move(out), [self = shared_from_this()](bool good) { self->responseSent(good); });
    } else {
        m_connection->write(std::move(out), [self = shared_from_this()](bool good) { self->streamSent(good); });
    }
}

void Http1Session::streamSent(bool good) {
    m_sourceWriting = false;
    if (!good) return m_connection->close();
    if (!m_source) return;
    if (m_sourceState != BodySource::State::Waiting || m_sourceWoken || m_draining) pumpStream();
}

void Http1Session::responseSent(bool good) {
    m_sourceWriting = false;
    if (!good || m_phase == Phase::Closed) return m_connection->close();
    if (!m_keepAlive || m_draining || m_peerGone) {
        if (m_discardAfter == base::Duration{} || m_peerGone) return m_connection->closeGracefully();
        m_phase = Phase::Discarding;
        m_in.clear();
        m_connection->setReadDeadline(m_discardAfter);
        return readMore();
    }
    m_phase = Phase::Reading;
    m_connection->setReadDeadline(m_connection->core().options.idleTimeout);
    parse();
}

void Http1Session::upgrade(Response response) {
    if (!m_wantsUpgrade || m_readPending) {
        base::logger("http")->error("a handler upgraded a request that did not ask for it");
        return send(internalError());
    }
    Upgrade wanted = std::move(*response.upgrade);
    m_phase = Phase::Closed;
    m_connection->releaseToChannel();
    http::ChannelTransport transport{.context = m_connection->core().io.shared(),
                                     .owner = m_connection,
                                     .stream = &m_connection->stream(),
                                     .closeNow = [connection = m_connection] { connection->close(); }};
    if (!wanted.raw && http::equalIgnoringCase(wanted.protocol, "websocket")) {
        m_channel = http::acceptWebSocket(std::move(transport), m_upgradeHead,
                                          {.subprotocol = wanted.subprotocol, .messageLimit = wanted.messageLimit},
                                          std::move(wanted.handler));
        return;
    }
    std::string head =
        fmt::format("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {}\r\n", wanted.protocol);
    for (const auto& [name, value] : response.headers) {
        if (!isConnectionField(name)) head += name + ": " + value + "\r\n";
    }
    m_connection->write({http::bytes(head + "\r\n")}, [self = shared_from_this(), transport = std::move(transport),
                                                       handler = std::move(wanted.handler)](bool good) mutable {
        if (!good) {
            handler->closed(1006, "the connection broke before the upgrade");
            return self->m_connection->close();
        }
        self->m_connection->releaseToChannel();
        self->m_channel = http::openRawChannel(std::move(transport), std::move(self->m_in), std::move(handler));
    });
}

// --- The end ---

void Http1Session::drain() {
    m_draining = true;
    if (m_phase == Phase::Reading && !m_parser) return m_connection->closeGracefully();
    if (const auto channel = m_channel.lock()) channel->close(1001, "the server is shutting down");
    if (m_source && !m_sourceWriting) pumpStream();
}

void Http1Session::closed() {
    m_phase = Phase::Closed;
    m_source.reset();
    m_parser.reset();
    if (const auto channel = m_channel.lock()) http::abandonChannel(channel);
}

}  // namespace qd::apiserver
