#include "vmnodes/agent/server/stream_backend.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <atomic>
#include <deque>
#include <utility>

#include "cluster/base/http/io.h"

namespace qd::agent::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using http::ErrorCode;
using http::Socket;

struct Target {
    std::string host, port, path;
};

Result<Target> parse(const std::string& url) {
    constexpr std::string_view kScheme = "http://";
    if (!url.starts_with(kScheme))
        return fail(Reason::InternalError, "the runtime's streaming server is not on plain HTTP: " + url);
    const std::size_t slash = std::min(url.find('/', kScheme.size()), url.size());
    const std::string authority = url.substr(kScheme.size(), slash - kScheme.size());
    const std::size_t colon = authority.rfind(':');
    if (colon == std::string::npos)
        return fail(Reason::InternalError, "the runtime's streaming address has no port: " + url);
    return Target{authority.substr(0, colon), authority.substr(colon + 1),
                  slash < url.size() ? url.substr(slash) : "/"};
}

// A queue of what is to be sent, one write at a time; reading that may be held back. All on the socket's strand.
class SpdyBackend final : public StreamBackend, public std::enable_shared_from_this<SpdyBackend> {
public:
    explicit SpdyBackend(std::shared_ptr<asio::io_context> context)
        : m_context(std::move(context)),
          m_strand(asio::make_strand(*m_context)),
          m_socket(m_strand),
          m_timer(m_strand) {}

    Result<void> open(const Target& target, const http::Headers& headers) {
        asio::ip::tcp::resolver resolver(*m_context);
        ErrorCode error;
        asio::connect(m_socket, resolver.resolve(target.host, target.port, error), error);
        if (error)
            return fail(Reason::ServiceUnavailable, "cannot reach the runtime's streaming server: " + error.message());
        std::string request = "POST " + target.path + " HTTP/1.1\r\nHost: " + target.host + ":" + target.port +
                              "\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n";
        for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
        asio::write(m_socket, asio::buffer(request + "\r\n"), error);
        std::string head;
        const std::size_t size =
            error ? 0 : asio::read_until(m_socket, asio::dynamic_buffer(head, 64 * 1024), "\r\n\r\n", error);
        if (error)
            return fail(Reason::ServiceUnavailable,
                        "the runtime's streaming server does not answer: " + error.message());
        beast::http::response_parser<beast::http::empty_body> parser;
        parser.skip(true);
        parser.put(asio::buffer(head.data(), size), error);
        m_early = head.substr(size);
        if (parser.get().result() != beast::http::status::switching_protocols)
            return fail(Reason::InternalError, "the runtime's streaming server refused: " + head.substr(size));
        for (const auto& field : parser.get()) answer.add(std::string(field.name_string()), std::string(field.value()));
        return {};
    }

    void setTick(base::Duration period, std::function<void()> tick) override {
        m_period = period;
        m_tick = std::move(tick);
    }
    void begin(std::shared_ptr<http::ChannelHandler> handler) override {
        asio::post(m_strand, [self = shared_from_this(), handler = std::move(handler)]() mutable {
            self->m_handler = std::move(handler);
            self->m_handler->opened(self);
            if (!self->m_early.empty()) self->m_handler->received(std::exchange(self->m_early, {}), false);
            self->read();
            if (self->m_tick) self->awaitTick();
        });
    }
    void send(http::Buffers message, bool) override {
        std::string whole;
        for (const http::Bytes& part : message) whole += *part;
        m_queued += whole.size();
        asio::post(m_strand, [self = shared_from_this(), whole = std::move(whole)]() mutable {
            if (self->m_closed) return;
            self->m_out.push_back(std::move(whole));
            if (self->m_out.size() == 1) self->write();
        });
    }
    std::size_t queued() const override { return m_queued; }
    void pauseReading() override {
        asio::post(m_strand, [self = shared_from_this()] { self->m_paused = true; });
    }
    void resumeReading() override {
        asio::post(m_strand, [self = shared_from_this()] {
            self->m_paused = false;
            self->read();
        });
    }
    void close(std::uint16_t, std::string) override {
        asio::post(m_strand, [self = shared_from_this()] {
            self->m_closeWhenSent = true;
            if (self->m_out.empty()) self->end(1000);
        });
    }

private:
    void read() {
        if (m_closed || m_paused || m_reading) return;
        m_reading = true;
        m_buffer.resize(32 * 1024);
        m_socket.async_read_some(asio::buffer(m_buffer),
                                 [self = shared_from_this()](ErrorCode error, std::size_t size) {
                                     self->received(error, self->m_buffer.substr(0, size));
                                 });
    }
    void awaitTick() {
        m_timer.expires_after(m_period);
        m_timer.async_wait([weak = weak_from_this()](ErrorCode error) {
            const auto self = weak.lock();
            if (error || !self || self->m_closed) return;
            self->m_tick();
            self->awaitTick();
        });
    }
    void received(const ErrorCode& error, std::string message) {
        m_reading = false;
        if (m_closed) return;
        if (!message.empty()) m_handler->received(std::move(message), false);
        if (error) return end(error == asio::error::eof ? 1000 : 1006);
        read();
    }
    void write() {
        asio::async_write(m_socket, asio::buffer(m_out.front()),
                          [self = shared_from_this()](ErrorCode error, std::size_t) { self->written(error); });
    }
    void written(const ErrorCode& error) {
        if (m_closed) return;
        m_queued -= m_out.front().size();
        m_out.pop_front();
        if (error) return end(1006);
        if (!m_out.empty()) return write();
        if (m_closeWhenSent) return end(1000);
        m_handler->drained();
    }
    void end(std::uint16_t code) {
        if (std::exchange(m_closed, true)) return;
        ErrorCode ignored;
        m_socket.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
        m_socket.close(ignored);
        m_timer.cancel();
        m_tick = nullptr;
        if (m_handler) std::exchange(m_handler, nullptr)->closed(code, {});
    }

    const std::shared_ptr<asio::io_context> m_context;
    http::IoStrand m_strand;
    Socket m_socket;
    http::IoTimer m_timer;
    base::Duration m_period{};
    std::function<void()> m_tick;
    std::shared_ptr<http::ChannelHandler> m_handler;
    std::string m_buffer, m_early;
    std::deque<std::string> m_out;
    std::atomic<std::size_t> m_queued = 0;
    bool m_paused = false;
    bool m_reading = false;
    bool m_closed = false;
    bool m_closeWhenSent = false;
};

}  // namespace

// The peer is on loopback and answers at once or not at all: it closes what it does not like.
Result<std::shared_ptr<StreamBackend>> openSpdyBackend(http::IoThreads& io, const BackendRequest& request) {
    const auto target = parse(request.url);
    if (!target) return fail(target.error());
    const auto backend = std::make_shared<SpdyBackend>(io.shared());
    try {
        if (auto opened = backend->open(*target, request.headers); !opened) return fail(opened.error());
    } catch (const std::exception& problem) {
        return fail(Reason::InternalError, std::string("cannot open a session with the runtime: ") + problem.what());
    }
    return std::static_pointer_cast<StreamBackend>(backend);
}

}  // namespace qd::agent::server
