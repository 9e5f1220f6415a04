#include "cluster/base/http/tls_channel.h"

#include <atomic>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>

namespace qd::http {

namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr std::uint16_t kAbnormal = 1006;
constexpr std::size_t kRawPart = 32 * 1024;

// The queue, the pausing and the one closed() that both kinds share. Everything but the Channel functions runs on the
// strand.
class ChannelBase : public Channel, public std::enable_shared_from_this<ChannelBase> {
public:
    ChannelBase(ChannelTransport transport, std::shared_ptr<ChannelHandler> handler)
        : m_transport(std::move(transport)),
          m_stream(*m_transport.stream),
          m_strand(m_stream.get_executor()),
          m_handler(std::move(handler)) {}

    void send(Buffers message, bool text) override {
        m_queued += totalSize(message);
        onStrand([message = std::move(message), text](ChannelBase& self) mutable {
            if (self.m_ended || self.m_closing) return;
            self.m_queue.push_back({std::move(message), text});
            self.writeNext();
        });
    }
    std::size_t queued() const override { return m_queued; }
    void pauseReading() override {
        onStrand([](ChannelBase& self) { self.m_paused = true; });
    }
    void resumeReading() override {
        onStrand([](ChannelBase& self) {
            if (std::exchange(self.m_paused, false)) self.readNext();
        });
    }
    void abandon() {
        onStrand([](ChannelBase& self) { self.end(kAbnormal, "the connection was closed"); });
    }
    void close(std::uint16_t code, std::string reason) override {
        onStrand([code, reason = std::move(reason)](ChannelBase& self) {
            if (self.m_ended || std::exchange(self.m_closing, true)) return;
            self.m_closeCode = code;
            self.m_closeReason = reason;
            self.writeNext();
        });
    }

protected:
    struct Message {
        Buffers parts;
        bool text = false;
    };

    virtual void beginRead() = 0;
    virtual void beginWrite(const Message& message) = 0;
    virtual void beginClose(std::uint16_t code, const std::string& reason) = 0;

    void opened() {
        m_handler->opened(shared_from_this());
        readNext();
    }
    void readNext() {
        if (m_ended || m_paused || m_reading) return;
        m_reading = true;
        beginRead();
    }
    void readDone(std::string message, bool text) {
        m_reading = false;
        if (m_ended) return;
        m_handler->received(std::move(message), text);
        readNext();
    }
    void writeNext() {
        if (m_writing || m_ended) return;
        if (!m_queue.empty()) {
            m_writing = true;
            beginWrite(m_queue.front());
        } else if (m_closing) {
            m_writing = true;
            beginClose(m_closeCode, m_closeReason);
        }
    }
    void writeDone() {
        m_writing = false;
        m_queued -= totalSize(m_queue.front().parts);
        m_queue.pop_front();
        if (m_queue.empty() && !m_ended) m_handler->drained();
        writeNext();
    }
    void end(std::uint16_t code, std::string_view reason) {
        if (std::exchange(m_ended, true)) return;
        m_handler->closed(code, reason);
        m_handler.reset();
        m_transport.closeNow();
        m_transport.closeNow = nullptr;
        m_transport.owner.reset();
    }
    template <typename T>
    std::shared_ptr<T> self() {
        return std::static_pointer_cast<T>(shared_from_this());
    }

    // Each operation that is under way keeps the connection.
    std::shared_ptr<void> owner() const { return m_transport.owner; }
    TlsStream& stream() { return m_stream; }
    bool closing() const { return m_closing; }
    std::uint16_t closeCode() const { return m_closeCode; }
    const std::string& closeReason() const { return m_closeReason; }

private:
    template <typename F>
    void onStrand(F function) {
        asio::post(m_strand,
                   [self = shared_from_this(), function = std::move(function)]() mutable { function(*self); });
    }

    ChannelTransport m_transport;
    TlsStream& m_stream;
    IoStrand m_strand;
    std::shared_ptr<ChannelHandler> m_handler;
    std::deque<Message> m_queue;
    std::atomic<std::size_t> m_queued = 0;
    bool m_reading = false;
    bool m_writing = false;
    bool m_paused = false;
    bool m_closing = false;
    bool m_ended = false;
    std::uint16_t m_closeCode = 1000;
    std::string m_closeReason;
};

std::vector<asio::const_buffer> sequenceOf(const Buffers& parts) {
    std::vector<asio::const_buffer> sequence;
    sequence.reserve(parts.size());
    for (const Bytes& part : parts) sequence.emplace_back(part->data(), part->size());
    return sequence;
}

class WebSocketChannel final : public ChannelBase {
public:
    WebSocketChannel(ChannelTransport transport, const WebSocketOptions& options,
                     std::shared_ptr<ChannelHandler> handler)
        : ChannelBase(std::move(transport), std::move(handler)), m_socket(stream()) {
        m_socket.read_message_max(options.messageLimit);
        m_socket.auto_fragment(false);
        websocket::stream_base::timeout timeouts{};
        timeouts.handshake_timeout = std::chrono::seconds(30);
        timeouts.idle_timeout = websocket::stream_base::none();
        timeouts.keep_alive_pings = false;
        m_socket.set_option(timeouts);
    }

    void accept(const std::string& requestHead, const std::string& subprotocol) {
        beast::http::request_parser<beast::http::string_body> parser;
        ErrorCode error;
        parser.header_limit(static_cast<std::uint32_t>(requestHead.size() + 1));
        parser.put(asio::buffer(requestHead), error);
        m_socket.set_option(websocket::stream_base::decorator([subprotocol](websocket::response_type& response) {
            if (!subprotocol.empty()) response.set(beast::http::field::sec_websocket_protocol, subprotocol);
        }));
        m_upgradeRequest = parser.release();
        m_socket.async_accept(m_upgradeRequest, [me = self<WebSocketChannel>(), owner = owner()](ErrorCode failure) {
            failure ? me->end(kAbnormal, failure.message()) : me->opened();
        });
    }

    void connect(const std::string& host, const std::string& target, Headers headers,
                 std::move_only_function<void(HandshakeResult)> done) {
        m_socket.set_option(
            websocket::stream_base::decorator([headers = std::move(headers)](websocket::request_type& request) {
                for (const auto& [name, value] : headers) request.insert(name, value);
            }));
        m_socket.async_handshake(
            m_answer, host, target,
            [me = self<WebSocketChannel>(), owner = owner(), done = std::move(done)](ErrorCode error) mutable {
                HandshakeResult result;
                result.code = error && error != websocket::error::upgrade_declined
                                  ? 0
                                  : static_cast<int>(me->m_answer.result_int());
                result.text = error && result.code == 0 ? error.message() : me->m_answer.body();
                for (const auto& field : me->m_answer) {
                    result.headers.add(std::string(field.name_string()), std::string(field.value()));
                }
                if (!error) me->opened();  // first: whoever hears that it stands may send at once
                done(std::move(result));
                if (error) me->end(kAbnormal, error.message());
            });
    }

private:
    void beginRead() override {
        m_socket.async_read(m_buffer, [me = self<WebSocketChannel>(), owner = owner()](ErrorCode error, std::size_t) {
            if (error) return me->ended(error);
            std::string message = beast::buffers_to_string(me->m_buffer.data());
            me->m_buffer.consume(me->m_buffer.size());
            me->readDone(std::move(message), me->m_socket.got_text());
        });
    }
    void beginWrite(const Message& message) override {
        m_socket.text(message.text);
        m_socket.async_write(sequenceOf(message.parts),
                             [me = self<WebSocketChannel>(), owner = owner()](ErrorCode error, std::size_t) {
                                 error ? me->ended(error) : me->writeDone();
                             });
    }
    void beginClose(std::uint16_t code, const std::string& reason) override {
        websocket::close_reason why(static_cast<websocket::close_code>(code));
        why.reason.assign(reason.substr(0, why.reason.max_size()));
        m_socket.async_close(why, [me = self<WebSocketChannel>(), owner = owner()](ErrorCode) {
            me->end(me->closeCode(), me->closeReason());
        });
    }
    void ended(ErrorCode error) {
        if (error == websocket::error::closed) {
            const websocket::close_reason& why = m_socket.reason();
            return end(why.code, std::string_view(why.reason.data(), why.reason.size()));
        }
        if (error == websocket::error::message_too_big) return end(1009, error.message());
        // While we are closing, the close operation says how it ended.
        if (closing() && error == asio::error::operation_aborted) return;
        end(kAbnormal, error.message());
    }

    websocket::stream<TlsStream&> m_socket;
    beast::flat_buffer m_buffer;
    beast::http::request<beast::http::string_body> m_upgradeRequest;
    websocket::response_type m_answer;
};

class RawChannel final : public ChannelBase {
public:
    using ChannelBase::ChannelBase;
    void open(std::string received) {
        m_first = std::move(received);
        opened();
    }

private:
    void beginRead() override {
        if (!m_first.empty()) {
            asio::post(stream().get_executor(), [me = self<RawChannel>(), owner = owner()] {
                me->readDone(std::exchange(me->m_first, {}), false);
            });
            return;
        }
        m_part.resize(kRawPart);
        stream().async_read_some(asio::buffer(m_part),
                                 [me = self<RawChannel>(), owner = owner()](ErrorCode error, std::size_t size) {
                                     if (error)
                                         return me->end(error == asio::error::eof ? 1000 : kAbnormal, error.message());
                                     me->readDone(me->m_part.substr(0, size), false);
                                 });
    }
    void beginWrite(const Message& message) override {
        asio::async_write(stream(), sequenceOf(message.parts),
                          [me = self<RawChannel>(), owner = owner()](ErrorCode error, std::size_t) {
                              error ? me->end(kAbnormal, error.message()) : me->writeDone();
                          });
    }
    void beginClose(std::uint16_t code, const std::string& reason) override { end(code, reason); }

    std::string m_first;
    std::string m_part;
};

}  // namespace

void abandonChannel(const std::shared_ptr<Channel>& channel) {
    std::static_pointer_cast<ChannelBase>(channel)->abandon();
}

std::shared_ptr<Channel> acceptWebSocket(ChannelTransport transport, const std::string& requestHead,
                                         WebSocketOptions options, std::shared_ptr<ChannelHandler> handler) {
    auto channel = std::make_shared<WebSocketChannel>(std::move(transport), options, std::move(handler));
    channel->accept(requestHead, options.subprotocol);
    return channel;
}

void connectWebSocket(ChannelTransport transport, const std::string& host, const std::string& target, Headers headers,
                      WebSocketOptions options, std::shared_ptr<ChannelHandler> handler,
                      std::move_only_function<void(HandshakeResult)> done) {
    auto channel = std::make_shared<WebSocketChannel>(std::move(transport), options, std::move(handler));
    channel->connect(host, target, std::move(headers), std::move(done));
}

std::shared_ptr<Channel> openRawChannel(ChannelTransport transport, std::string received,
                                        std::shared_ptr<ChannelHandler> handler) {
    auto channel = std::make_shared<RawChannel>(std::move(transport), std::move(handler));
    channel->open(std::move(received));
    return channel;
}

}  // namespace qd::http
