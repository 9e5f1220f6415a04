#include "cluster/client/transport/client_connection.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

namespace qd::client {

namespace {

namespace asio = http::asio;
namespace beast = boost::beast;
using http::ErrorCode;

constexpr std::size_t kReadPart = 32 * 1024;
constexpr std::uint32_t kHeadLimit = 1024 * 1024;

Error broken(const std::string& where, const std::string& why) {
    return {Reason::ServiceUnavailable, where + ": " + why};
}

// What OpenSSL says about a certificate is more useful than "handshake: certificate verify failed".
std::string handshakeText(SSL* tls, ErrorCode error) {
    const long verdict = SSL_get_verify_result(tls);
    if (verdict != X509_V_OK) return std::string("certificate: ") + X509_verify_cert_error_string(verdict);
    return "TLS: " + error.message();
}

}  // namespace

ClientConnection::ClientConnection(http::IoThreads& io, std::shared_ptr<ClientTls> tls, Idle idle)
    : m_context(io.shared()),
      m_tls(std::move(tls)),
      m_idle(std::move(idle)),
      m_stream(http::Socket(asio::make_strand(io.context())), m_tls->context()),
      m_resolver(m_stream.get_executor()),
      m_timer(m_stream.get_executor()) {
    m_tls->prepare(m_stream);
}

// --- Connecting ---

void ClientConnection::open(const ServerUrl& url, base::Duration within,
                            std::move_only_function<void(Result<void>)> done) {
    m_where = url.authority();
    m_opened = std::move(done);
    asio::dispatch(strand(), [self = shared_from_this(), url, within] {
        self->setDeadline(within, "connecting took too long");
        ErrorCode isName;
        if (const auto address = asio::ip::make_address(url.host, isName); !isName) {
            // Asio would start a thread to resolve it.
            const http::Tcp::endpoint endpoint(address, static_cast<std::uint16_t>(std::atoi(url.port.c_str())));
            self->m_stream.next_layer().async_connect(endpoint,
                                                      [self](ErrorCode failure) { self->connected(failure); });
            return;
        }
        self->m_resolver.async_resolve(
            url.host, url.port, [self](ErrorCode error, const http::Tcp::resolver::results_type& found) {
                if (error || self->m_closed) return self->opened(fail(broken(self->m_where, error.message())));
                asio::async_connect(self->m_stream.next_layer(), found,
                                    [self](ErrorCode failure, const auto&) { self->connected(failure); });
            });
    });
}

void ClientConnection::connected(ErrorCode error) {
    if (error) return opened(fail(broken(m_where, error.message())));
    ErrorCode ignored;
    m_stream.next_layer().set_option(http::Tcp::no_delay(true), ignored);
    m_stream.next_layer().set_option(asio::socket_base::keep_alive(true), ignored);
    m_stream.async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](ErrorCode failure) {
        if (!failure) return self->opened({});
        self->opened(fail(broken(self->m_where, handshakeText(self->m_stream.native_handle(), failure))));
    });
}

void ClientConnection::opened(Result<void> result) {
    m_timer.cancel();
    auto done = std::exchange(m_opened, nullptr);
    if (!result) closeNow();
    if (done) done(std::move(result));
}

// --- One exchange ---

void ClientConnection::begin(std::shared_ptr<Exchange> exchange) {
    m_exchange = std::move(exchange);
    m_headSeen = m_anyByte = m_paused = false;
    newParser();
    if (m_closed) return finish(fail(broken(m_where, "the connection was closed")));
    setDeadline(m_exchange->within, m_exchange->untilEnd ? "the request took too long" : "no answer in time");
    asio::async_write(m_stream, asio::buffer(m_exchange->wire),
                      [self = shared_from_this(), kept = m_exchange](ErrorCode error, std::size_t) {
                          // A server that answers early and closes breaks the write; its answer is still to be read.
                          if (error && !self->m_reading) self->finish(fail(broken(self->m_where, error.message())));
                      });
    read();
}

void ClientConnection::newParser() {
    m_parser.emplace();
    m_parser->header_limit(kHeadLimit);
    m_parser->body_limit(boost::none);
    m_parser->eager(true);
    if (m_exchange && m_exchange->method == "HEAD") m_parser->skip(true);
}

// One read is under way also while the connection is idle: that is how a closed one is noticed.
void ClientConnection::read() {
    if (m_reading || m_closed) return;
    if (m_paused) {
        m_heldWhilePaused = shared_from_this();
        return;
    }
    m_reading = true;
    m_part.resize(kReadPart);
    m_stream.async_read_some(asio::buffer(m_part), [self = shared_from_this()](ErrorCode error, std::size_t size) {
        self->m_reading = false;
        self->received(error, size);
    });
}

void ClientConnection::received(ErrorCode error, std::size_t size) {
    if (!m_exchange) return closeNow();  // closed by the server, or talk without a question
    if (error) {
        ErrorCode atEnd;
        if (m_headSeen && m_parser->need_eof()) m_parser->put_eof(atEnd);
        if (m_headSeen && m_parser->is_done()) return finish({});
        return finish(
            fail(broken(m_where, error == asio::error::eof ? "the server closed the connection" : error.message())));
    }
    m_anyByte = true;
    if (parse(std::string_view(m_part).substr(0, size))) read();
}

// True when more is to be read.
bool ClientConnection::parse(std::string_view data) {
    m_in.append(data);
    const auto exchange = m_exchange;
    while (!m_in.empty()) {
        ErrorCode error;
        m_in.erase(0, m_parser->put(asio::buffer(m_in), error));
        if (error && error != beast::http::error::need_more) {
            finish(fail(broken(m_where, "not an HTTP response: " + error.message())));
            return false;
        }
        if (!m_headSeen && m_parser->is_header_done()) {
            const auto& head = m_parser->get();
            if (head.result_int() < 200 && head.result_int() != 101) {  // 100 Continue and the like: the answer follows
                newParser();
                continue;
            }
            m_headSeen = true;
            if (!exchange->untilEnd) m_timer.cancel();
            http::Headers headers;
            for (const auto& field : head) headers.add(std::string(field.name_string()), std::string(field.value()));
            exchange->head(static_cast<int>(head.result_int()), std::move(headers));
        }
        if (std::string& body = m_parser->get().body(); !body.empty()) {
            exchange->data(body);
            body.clear();
        }
        if (m_parser->is_done()) {
            finish({});
            return false;
        }
        if (error == beast::http::error::need_more) break;
    }
    return m_exchange != nullptr;
}

void ClientConnection::finish(Result<void> result) {
    m_timer.cancel();
    const auto held = std::exchange(m_heldWhilePaused, nullptr);
    const auto exchange = std::exchange(m_exchange, nullptr);
    if (!exchange) return;
    const bool reusable = result.has_value() && m_parser->keep_alive() && m_in.empty() && !m_closed;
    if (!reusable) {
        closeNow();
    } else {
        m_paused = false;
        read();
        m_idle(shared_from_this());
    }
    exchange->finished(std::move(result), !m_anyByte);
}

void ClientConnection::setDeadline(base::Duration within, const char* what) {
    m_timer.expires_after(within);
    m_timer.async_wait([self = shared_from_this(), what](ErrorCode cancelled) {
        if (cancelled) return;
        const Error late{Reason::Timeout, self->m_where + ": " + what};
        if (self->m_opened) return self->opened(fail(late));
        self->finish(fail(late));
    });
}

void ClientConnection::abort(Error error) {
    asio::post(strand(), [self = shared_from_this(), error = std::move(error)]() mutable {
        if (self->m_opened) return self->opened(fail(std::move(error)));
        if (self->m_exchange) return self->finish(fail(std::move(error)));
        self->closeNow();
    });
}

void ClientConnection::pause() {
    asio::post(strand(), [self = shared_from_this()] { self->m_paused = true; });
}

void ClientConnection::resume() {
    asio::post(strand(), [self = shared_from_this()] {
        self->m_paused = false;
        self->m_heldWhilePaused = nullptr;
        if (self->m_exchange) self->read();
    });
}

void ClientConnection::closeNow() {
    if (m_closed.exchange(true)) return;
    m_timer.cancel();
    m_resolver.cancel();
    ErrorCode ignored;
    m_stream.next_layer().close(ignored);
}

}  // namespace qd::client
