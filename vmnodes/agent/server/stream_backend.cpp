#include "vmnodes/agent/server/stream_backend.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <atomic>
#include <deque>
#include <utility>

#include "cluster/base/http/io.h"

namespace qd::agent::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
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

// What the two kinds have in common: the queue of what is to be sent, one write at a time, reading that may be held
// back. All on the socket's strand.
class Base : public StreamBackend, public std::enable_shared_from_this<Base> {
public:
    explicit Base(std::shared_ptr<asio::io_context> context)
        : m_context(std::move(context)), m_strand(asio::make_strand(*m_context)) {}

    void begin(std::shared_ptr<http::ChannelHandler> handler) override {
        asio::post(m_strand, [self = shared_from_this(), handler = std::move(handler)]() mutable {
            self->m_handler = std::move(handler);
            self->m_handler->opened(self);
            self->deliverEarly();
            self->read();
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

protected:
    virtual void startRead() = 0;
    virtual void startWrite(const std::string& message) = 0;
    virtual void closeSocket() = 0;
    virtual void deliverEarly() {}

    void read() {
        if (m_closed || m_paused || m_reading) return;
        m_reading = true;
        startRead();
    }
    void received(const ErrorCode& error, std::string message) {
        m_reading = false;
        if (m_closed) return;
        if (!message.empty()) m_handler->received(std::move(message), false);
        if (error) {
            end(error == asio::error::eof || error == websocket::error::closed ? 1000 : 1006);
            return;
        }
        read();
    }
    void write() { startWrite(m_out.front()); }
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
        closeSocket();
        if (m_handler) std::exchange(m_handler, nullptr)->closed(code, {});
    }

    const std::shared_ptr<asio::io_context> m_context;
    http::IoStrand m_strand;
    std::shared_ptr<http::ChannelHandler> m_handler;
    std::deque<std::string> m_out;
    std::atomic<std::size_t> m_queued = 0;
    bool m_paused = false;
    bool m_reading = false;
    bool m_closed = false;
    bool m_closeWhenSent = false;
};

class RawBackend final : public Base {
public:
    explicit RawBackend(std::shared_ptr<asio::io_context> context) : Base(std::move(context)), m_socket(m_strand) {}

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

private:
    std::shared_ptr<RawBackend> self() { return std::static_pointer_cast<RawBackend>(shared_from_this()); }
    void deliverEarly() override {
        if (!m_early.empty()) m_handler->received(std::exchange(m_early, {}), false);
    }
    void startRead() override {
        m_buffer.resize(32 * 1024);
        m_socket.async_read_some(asio::buffer(m_buffer), [self = self()](ErrorCode error, std::size_t size) {
            self->received(error, self->m_buffer.substr(0, size));
        });
    }
    void startWrite(const std::string& message) override {
        asio::async_write(m_socket, asio::buffer(message),
                          [self = self()](ErrorCode error, std::size_t) { self->written(error); });
    }
    void closeSocket() override {
        ErrorCode ignored;
        m_socket.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
        m_socket.close(ignored);
    }

    Socket m_socket;
    std::string m_buffer, m_early;
};

class WebSocketBackend final : public Base {
public:
    explicit WebSocketBackend(std::shared_ptr<asio::io_context> context)
        : Base(std::move(context)), m_stream(m_strand) {}

    Result<void> open(const Target& target, const http::Headers& headers, const std::string& subprotocol) {
        asio::ip::tcp::resolver resolver(*m_context);
        ErrorCode error;
        asio::connect(m_stream.next_layer(), resolver.resolve(target.host, target.port, error), error);
        if (error)
            return fail(Reason::ServiceUnavailable, "cannot reach the runtime's streaming server: " + error.message());
        m_stream.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
            request.set(beast::http::field::sec_websocket_protocol, subprotocol);
            for (const auto& [name, value] : headers) request.set(name, value);
        }));
        websocket::response_type response;
        m_stream.handshake(response, target.host + ":" + target.port, target.path, error);
        if (error)
            return fail(Reason::InternalError,
                        "the runtime's streaming server refused: " + error.message() + " " + response.body());
        for (const auto& field : response) answer.add(std::string(field.name_string()), std::string(field.value()));
        m_stream.binary(true);
        m_stream.read_message_max(1024 * 1024);
        return {};
    }

private:
    std::shared_ptr<WebSocketBackend> self() { return std::static_pointer_cast<WebSocketBackend>(shared_from_this()); }
    void startRead() override {
        m_stream.async_read(m_buffer, [self = self()](ErrorCode error, std::size_t size) {
            std::string message = beast::buffers_to_string(self->m_buffer.data()).substr(0, size);
            self->m_buffer.consume(self->m_buffer.size());
            self->received(error, error ? std::string() : std::move(message));
        });
    }
    void startWrite(const std::string& message) override {
        m_stream.async_write(asio::buffer(message),
                             [self = self()](ErrorCode error, std::size_t) { self->written(error); });
    }
    void closeSocket() override {
        ErrorCode ignored;
        m_stream.next_layer().close(ignored);
    }

    websocket::stream<Socket> m_stream;
    beast::flat_buffer m_buffer;
};

// The peer is on loopback and answers at once or not at all: it closes what it does not like.
template <typename Backend, typename... Arguments>
Result<std::shared_ptr<StreamBackend>> open(http::IoThreads& io, const BackendRequest& request,
                                            Arguments&&... arguments) {
    const auto target = parse(request.url);
    if (!target) return fail(target.error());
    const auto backend = std::make_shared<Backend>(io.shared());
    try {
        if (auto opened = backend->open(*target, request.headers, std::forward<Arguments>(arguments)...); !opened)
            return fail(opened.error());
    } catch (const std::exception& problem) {
        return fail(Reason::InternalError, std::string("cannot open a session with the runtime: ") + problem.what());
    }
    return std::static_pointer_cast<StreamBackend>(backend);
}

}  // namespace

Result<std::shared_ptr<StreamBackend>> openSpdyBackend(http::IoThreads& io, const BackendRequest& request) {
    return open<RawBackend>(io, request);
}

Result<std::shared_ptr<StreamBackend>> openWebSocketBackend(http::IoThreads& io, const BackendRequest& request,
                                                            const std::string& subprotocol) {
    return open<WebSocketBackend>(io, request, subprotocol);
}

}  // namespace qd::agent::server
