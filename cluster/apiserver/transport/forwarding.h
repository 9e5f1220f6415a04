// One request on its way to another server and its answer on its way back. Private to the transport.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <deque>
#include <mutex>
#include <optional>

#include "cluster/apiserver/transport/backend_stream.h"
#include "cluster/apiserver/transport/forward.h"

namespace qd::apiserver {

// Everything runs on its strand, except take(), setWake() and cancel(). It lives as long as an operation of it is under
// way or somebody takes its body.
class Forwarding final : public std::enable_shared_from_this<Forwarding> {
public:
    Forwarding(std::shared_ptr<http::asio::io_context> context, http::IoStrand strand,
               std::unique_ptr<BackendStream> stream, ForwardRequest request, std::string wire, std::string upgradeTo,
               bool head, Release release);

    void start();

    // --- of the answer's body
    void setWake(std::function<void()> wake);
    BodySource::State take(Buffers& out);
    // The client has gone.
    void cancel();

    // --- of the upgraded connection: what the client's end tells
    void channelOpened(std::shared_ptr<http::Channel> channel);
    void channelReceived(std::string message);
    void channelDrained();
    void channelClosed();

private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;
    using ErrorCode = http::ErrorCode;

    void connected(ErrorCode error);
    void handshaken(ErrorCode error);
    void readHead();
    void parseHead(ErrorCode error, std::size_t size);
    void headArrived();
    void answerStreamed(int code, Headers headers);
    void answerUpgraded(Headers headers);
    void readBody();
    void bodyArrived(ErrorCode error, std::size_t size);
    void answerRefused();
    void keepBody(bool done, bool broken);
    void readRaw();
    void writeRaw();
    void giveUp(const std::string& why);
    void answer(Response response);
    void setDeadline(base::Duration within, const char* what);
    void close();

    template <typename F>
    void onStrand(F function) {
        http::asio::post(m_strand,
                         [self = shared_from_this(), function = std::move(function)]() mutable { function(*self); });
    }

    const std::shared_ptr<http::asio::io_context> m_context;
    http::IoStrand m_strand;
    http::IoTimer m_timer;
    const std::unique_ptr<BackendStream> m_stream;
    const ForwardRequest m_request;
    const std::string m_where;  // address:port
    std::string m_wire;
    const std::string m_upgradeTo;
    std::optional<Release> m_release;
    Parser m_parser;
    std::string m_part;
    std::string m_in;
    bool m_collecting = false;  // the answer is read whole
    bool m_reading = false;
    bool m_closed = false;

    std::mutex m_mutex;  // guards what the body's taker shares
    std::string m_ready;
    bool m_ended = false;
    bool m_broken = false;
    std::function<void()> m_wake;

    std::shared_ptr<http::Channel> m_channel;
    std::deque<std::string> m_toBackend;
    std::size_t m_toBackendSize = 0;
    bool m_writing = false;
    bool m_clientPaused = false;
    bool m_clientGone = false;
    bool m_waitsForClient = false;
};

}  // namespace qd::apiserver
