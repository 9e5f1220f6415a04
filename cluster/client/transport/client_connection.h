// One connection of the client and the exchange that is under way on it. Private to the transport; everything runs on
// the connection's strand unless it says otherwise.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <optional>

#include "cluster/base/http/io.h"
#include "cluster/client/transport/client_tls.h"

namespace qd::client {

// A request on its way. Whoever started it keeps it; the connection keeps it while it works on it.
class Exchange {
public:
    virtual ~Exchange() = default;
    virtual void head(int code, http::Headers headers) = 0;
    virtual void data(std::string_view part) = 0;
    // Last call. `unanswered`: not a byte of the response had come.
    virtual void finished(Result<void> result, bool unanswered) = 0;

    std::string method;
    std::string wire;         // the request as it is sent
    base::Duration within{};  // until the head, or until the end
    bool untilEnd = true;
};

class ClientConnection final : public std::enable_shared_from_this<ClientConnection> {
public:
    // Called when a response is complete and the connection may be used again.
    using Idle = std::function<void(const std::shared_ptr<ClientConnection>&)>;

    ClientConnection(http::IoThreads& io, std::shared_ptr<ClientTls> tls, Idle idle);

    // Connects, then calls `done`.
    void open(const ServerUrl& url, base::Duration within, std::move_only_function<void(Result<void>)> done);
    void begin(std::shared_ptr<Exchange> exchange);
    // Any thread: closes; the exchange under way ends with the error.
    void abort(Error error);
    void pause();
    void resume();
    // Any thread: whether the server, or we, have closed it.
    bool isClosed() const { return m_closed; }

    http::TlsStream& stream() { return m_stream; }
    const std::shared_ptr<ClientTls>& tls() const { return m_tls; }
    http::IoStrand strand() { return m_stream.get_executor(); }
    const std::shared_ptr<http::asio::io_context>& context() const { return m_context; }
    // The stream belongs to a channel from now on.
    void releaseToChannel() { m_timer.cancel(); }
    void closeNow();

private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

    void connected(http::ErrorCode error);
    void opened(Result<void> result);
    void read();
    void received(http::ErrorCode error, std::size_t size);
    bool parse(std::string_view data);
    void newParser();
    void finish(Result<void> result);
    void setDeadline(base::Duration within, const char* what);

    const std::shared_ptr<http::asio::io_context> m_context;
    const std::shared_ptr<ClientTls> m_tls;
    const Idle m_idle;
    http::TlsStream m_stream;
    http::Tcp::resolver m_resolver;
    http::IoTimer m_timer;
    std::string m_where;
    std::move_only_function<void(Result<void>)> m_opened;
    std::shared_ptr<Exchange> m_exchange;
    std::shared_ptr<ClientConnection> m_heldWhilePaused;  // no read is under way that would keep it
    std::optional<Parser> m_parser;
    std::string m_in;
    std::string m_part;
    bool m_headSeen = false;
    bool m_anyByte = false;
    bool m_paused = false;
    bool m_reading = false;
    std::atomic<bool> m_closed = false;
};

}  // namespace qd::client
