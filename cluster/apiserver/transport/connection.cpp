#include "cluster/apiserver/transport/connection.h"

#include "cluster/apiserver/transport/http1_session.h"
#include "cluster/apiserver/transport/http2_session.h"
#include "cluster/apiserver/transport/messages.h"
#include "cluster/base/log.h"

namespace qd::apiserver {

namespace {

constexpr std::size_t kReadPart = 16 * 1024;
// What fits into one TLS record; more small buffers than that are not gathered.
constexpr std::size_t kRecord = 16 * 1024;
constexpr auto kGoodbye = std::chrono::seconds(2);

}  // namespace

Response ServerCore::handle(Request request) {
    ++requests;
    const std::string what = request.method + " " + request.path;
    try {
        return handler(std::move(request));
    } catch (const std::exception& error) {
        base::logger("http")->error("{} threw: {}", what, error.what());
        return internalError();
    }
}

Connection::Connection(std::shared_ptr<ServerCore> core, http::Socket socket, std::shared_ptr<asio::ssl::context> tls)
    : m_core(std::move(core)),
      m_tls(std::move(tls)),
      m_stream(std::move(socket), *m_tls),
      m_timer(m_stream.get_executor()) {
    const std::lock_guard lock(m_core->mutex);
    m_core->connections.insert(this);
}

Connection::~Connection() {
    const std::lock_guard lock(m_core->mutex);
    m_core->connections.erase(this);
    m_core->fewer.notify_all();
}

void Connection::start() {
    ErrorCode error;
    auto& socket = m_stream.next_layer();
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    m_remoteAddress = remote.address().to_string();
    m_remotePort = remote.port();
    m_localAddress = socket.local_endpoint(error).address().to_string();
    socket.set_option(http::Tcp::no_delay(true), error);
    socket.set_option(asio::socket_base::keep_alive(true), error);
    setReadDeadline(m_core->options.handshakeTimeout);
    m_stream.async_handshake(asio::ssl::stream_base::server,
                             [self = shared_from_this()](ErrorCode failure) { self->handshakeDone(failure); });
}

void Connection::handshakeDone(ErrorCode error) {
    if (error || m_core->draining) return close();
    m_peer = peerIdentity(m_stream.native_handle());
    if (negotiatedHttp2(m_stream.native_handle())) {
        m_session = std::make_shared<Http2Session>(shared_from_this());
    } else {
        m_session = std::make_shared<Http1Session>(shared_from_this());
    }
    m_session->start();
}

void Connection::describePeer(Request& request) const {
    request.remoteAddress = m_remoteAddress;
    request.remotePort = m_remotePort;
    request.localAddress = m_localAddress;
    request.bodyLimit = m_core->options.bodyLimit;
    request.peerError = m_peer.error;
    if (!m_peer.certificate) return;
    // A connection may live longer than its certificate.
    const base::WallTime now = m_core->clock.now();
    if (now > m_peer.notAfter || now < m_peer.notBefore) {
        request.peerError = "certificate has expired or is not yet valid";
    } else {
        request.peer = m_peer.certificate;
    }
}

void Connection::drain() {
    if (m_session) {
        m_session->drain();
    } else {
        close();
    }
}

void Connection::read(std::move_only_function<void(std::string_view)> done) {
    m_readDone = std::move(done);
    m_readPart.resize(kReadPart);
    m_stream.async_read_some(asio::buffer(m_readPart), [self = shared_from_this()](ErrorCode error, std::size_t size) {
        auto readDone = std::move(self->m_readDone);
        if (self->m_closed || !readDone) return;
        readDone(error ? std::string_view() : std::string_view(self->m_readPart).substr(0, size));
    });
}

void Connection::write(Buffers buffers, std::move_only_function<void(bool)> done) {
    m_writing = std::move(buffers);
    m_writeIndex = m_writeOffset = 0;
    m_writeDone = std::move(done);
    writeMore();
}

// The rest of a large buffer as it is, or some small ones copied together.
asio::const_buffer Connection::nextToWrite() {
    if (m_flatOffset < m_flat.size()) return asio::buffer(m_flat) + m_flatOffset;
    m_flat.clear();
    m_flatOffset = 0;
    while (m_writeIndex < m_writing.size()) {
        const std::string& current = *m_writing[m_writeIndex];
        const std::size_t left = current.size() - m_writeOffset;
        const std::size_t room = kRecord - m_flat.size();
        if (m_flat.empty() && left >= kRecord) return asio::buffer(current) + m_writeOffset;
        const std::size_t taken = std::min(left, room);
        m_flat.append(current, m_writeOffset, taken);
        m_writeOffset += taken;
        if (m_writeOffset == current.size()) {
            ++m_writeIndex;
            m_writeOffset = 0;
        }
        if (m_flat.size() == kRecord) break;
    }
    return asio::buffer(m_flat);
}

void Connection::writeMore() {
    const asio::const_buffer next = nextToWrite();
    if (next.size() == 0) {
        m_writeDeadline = Deadline::max();
        m_writing.clear();
        // Never inside write(): a caller may hold its own state in the middle of a change.
        return asio::post(strand(), [self = shared_from_this()] {
            if (auto done = std::move(self->m_writeDone); done && !self->m_closed) done(true);
        });
    }
    m_writeDeadline = std::chrono::steady_clock::now() + m_core->options.stallTimeout;
    armTimer();
    m_stream.async_write_some(
        next, [self = shared_from_this()](ErrorCode error, std::size_t size) { self->written(error, size); });
}

void Connection::written(ErrorCode error, std::size_t size) {
    if (m_closed) return;
    if (error) {
        m_writeDeadline = Deadline::max();
        if (auto done = std::move(m_writeDone)) done(false);
        return;
    }
    if (!m_flat.empty()) {
        m_flatOffset += size;
    } else {
        m_writeOffset += size;
        if (m_writeOffset == m_writing[m_writeIndex]->size()) {
            ++m_writeIndex;
            m_writeOffset = 0;
        }
    }
    const bool flatDone = m_flatOffset >= m_flat.size();
    if (flatDone && m_writeIndex >= m_writing.size()) {
        m_flat.clear();
        m_flatOffset = 0;
        m_writeDeadline = Deadline::max();
        m_writing.clear();
        if (auto done = std::move(m_writeDone)) done(true);
        return;
    }
    writeMore();
}

void Connection::setReadDeadline(base::Duration within) {
    m_readDeadline = within == base::Duration::zero() ? Deadline::max() : std::chrono::steady_clock::now() + within;
    armTimer();
}

// The timer is left alone while it fires early enough: a busy connection moves its deadlines with every request.
void Connection::armTimer() {
    const Deadline due = std::min(m_readDeadline, m_writeDeadline);
    if (due >= m_timerDue || m_closed) return;
    m_timerDue = due;
    m_timer.expires_at(due);
    m_timer.async_wait([self = shared_from_this()](ErrorCode error) { self->timerFired(error); });
}

void Connection::timerFired(ErrorCode error) {
    if (error || m_closed) return;
    m_timerDue = Deadline::max();
    if (std::chrono::steady_clock::now() >= std::min(m_readDeadline, m_writeDeadline)) return close();
    armTimer();
}

void Connection::closeGracefully() {
    if (m_closed || std::exchange(m_closing, true)) return;
    setReadDeadline(kGoodbye);
    m_stream.async_shutdown([self = shared_from_this()](ErrorCode) { self->close(); });
    // The good-bye is on its way; the end of the bytes tells those peers that wait for it rather than for TLS.
    ErrorCode ignored;
    m_stream.next_layer().shutdown(http::Tcp::socket::shutdown_send, ignored);
}

void Connection::close() {
    if (std::exchange(m_closed, true)) return;
    m_timer.cancel();
    ErrorCode ignored;
    m_stream.next_layer().close(ignored);
    if (m_session) m_session->closed();
    // All three hold the session, which holds this connection. The caller may be one of the session's own functions.
    asio::post(strand(), [session = std::move(m_session), readDone = std::move(m_readDone),
                          writeDone = std::move(m_writeDone)] {});
}

void Connection::releaseToChannel() {
    m_readDeadline = m_writeDeadline = m_timerDue = Deadline::max();
    m_timer.cancel();
}

}  // namespace qd::apiserver
