// One accepted connection: the TLS stream with its deadlines, and the session (HTTP/1 or HTTP/2) that speaks on it.
// Private to the transport. Everything runs on the connection's strand.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <unordered_set>

#include "cluster/apiserver/transport/server.h"
#include "cluster/apiserver/transport/tls_context.h"
#include "cluster/base/http/io.h"

namespace qd::apiserver {

namespace asio = http::asio;
using http::ErrorCode;

class Connection;

// What all connections of a server share. Kept alive by them.
struct ServerCore {
    ServerCore(ServerOptions theOptions, const base::Clock& theClock, Handler theHandler)
        : options(std::move(theOptions)),
          clock(theClock),
          handler(std::move(theHandler)),
          io("http", options.threads) {}

    // Calls the handler and turns an exception into a 500.
    Response handle(Request request);

    const ServerOptions options;
    const base::Clock& clock;
    const Handler handler;
    std::mutex mutex;               // guards the next two
    std::condition_variable fewer;  // one of them has become less
    std::unordered_set<Connection*> connections;
    unsigned listeners = 0;
    std::atomic<std::uint64_t> accepted = 0;
    std::atomic<std::uint64_t> requests = 0;
    std::atomic<std::uint64_t> malformed = 0;
    std::atomic<bool> draining = false;
    http::IoThreads io;
};

class Session {
public:
    virtual ~Session() = default;
    virtual void start() = 0;
    // The server is shutting down: end streams, finish what is being handled, close.
    virtual void drain() = 0;
    // The connection is gone; drop what belongs to requests. Called once.
    virtual void closed() = 0;
};

class Connection final : public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<ServerCore> core, http::Socket socket, std::shared_ptr<asio::ssl::context> tls);
    ~Connection();

    void start();
    void drain();

    ServerCore& core() { return *m_core; }
    const std::shared_ptr<ServerCore>& sharedCore() const { return m_core; }
    http::IoStrand strand() { return m_stream.get_executor(); }
    http::TlsStream& stream() { return m_stream; }

    // One read at a time. An empty view: the peer has closed or the connection is broken.
    void read(std::move_only_function<void(std::string_view)> done);
    // One write at a time; the buffers are kept until it is done. Small neighbours go out as one TLS record.
    void write(Buffers buffers, std::move_only_function<void(bool good)> done);

    // The next byte that a session waits for must come within this time; zero: it may take for ever.
    void setReadDeadline(base::Duration within);
    // Says good-bye by TLS, then closes.
    void closeGracefully();
    void close();
    bool isClosed() const { return m_closed; }
    // From now on the stream belongs to a channel; the session must have no read and no write under way.
    void releaseToChannel();

    // Addresses and the verified peer.
    void describePeer(Request& request) const;

private:
    using Deadline = std::chrono::steady_clock::time_point;

    void handshakeDone(ErrorCode error);
    void writeMore();
    void written(ErrorCode error, std::size_t size);
    asio::const_buffer nextToWrite();
    void armTimer();
    void timerFired(ErrorCode error);

    const std::shared_ptr<ServerCore> m_core;
    const std::shared_ptr<asio::ssl::context> m_tls;
    http::TlsStream m_stream;
    http::IoTimer m_timer;
    std::shared_ptr<Session> m_session;
    PeerIdentity m_peer;
    std::string m_remoteAddress;
    std::string m_localAddress;
    std::uint16_t m_remotePort = 0;

    std::string m_readPart;
    std::move_only_function<void(std::string_view)> m_readDone;
    Buffers m_writing;
    std::size_t m_writeIndex = 0;   // the buffer that is being written
    std::size_t m_writeOffset = 0;  // and how far
    std::string m_flat;
    std::size_t m_flatOffset = 0;
    std::move_only_function<void(bool)> m_writeDone;

    Deadline m_readDeadline = Deadline::max();
    Deadline m_writeDeadline = Deadline::max();
    Deadline m_timerDue = Deadline::max();
    bool m_closing = false;
    bool m_closed = false;
};

}  // namespace qd::apiserver
