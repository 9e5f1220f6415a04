#include "cluster/apiserver/transport/server.h"

#include <boost/asio/ip/v6_only.hpp>

#include "cluster/apiserver/transport/connection.h"
#include "cluster/base/log.h"

namespace qd::apiserver {

namespace {

using http::Tcp;

// How long accepting rests when the process has no file descriptor left.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

// What the acceptors share; the TLS context is exchanged under the mutex.
struct CurrentTls {
    std::mutex mutex;
    std::shared_ptr<asio::ssl::context> context;
};

// One listening socket. Lives as long as an accept is under way.
class Listener : public std::enable_shared_from_this<Listener> {
public:
    Listener(std::shared_ptr<ServerCore> core, std::shared_ptr<CurrentTls> tls)
        : m_core(std::move(core)),
          m_tls(std::move(tls)),
          m_strand(asio::make_strand(m_core->io.context())),
          m_acceptor(m_strand),
          m_pause(m_strand) {
        const std::lock_guard lock(m_core->mutex);
        ++m_core->listeners;
    }
    ~Listener() {
        const std::lock_guard lock(m_core->mutex);
        --m_core->listeners;
        m_core->fewer.notify_all();
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    Result<ListenAddress> open(const ListenAddress& address) {
        const std::string where = address.address + ":" + std::to_string(address.port);
        ErrorCode error;
        const auto ip = asio::ip::make_address(address.address, error);
        if (error) return fail(Reason::BadRequest, "\"" + address.address + "\" is not an IP address");
        const Tcp::endpoint endpoint(ip, address.port);
        m_acceptor.open(endpoint.protocol(), error);
        if (!error) m_acceptor.set_option(asio::socket_base::reuse_address(true), error);
        if (!error && ip.is_v6()) m_acceptor.set_option(asio::ip::v6_only(true), error);
        if (!error) m_acceptor.bind(endpoint, error);
        if (!error) m_acceptor.listen(asio::socket_base::max_listen_connections, error);
        if (error) return fail(Reason::ServiceUnavailable, "listen on " + where + ": " + error.message());
        return ListenAddress{address.address, m_acceptor.local_endpoint().port()};
    }

    void start() {
        asio::post(m_strand, [self = shared_from_this()] { self->accept(); });
    }

    void close() {
        asio::post(m_strand, [self = shared_from_this()] {
            ErrorCode ignored;
            self->m_acceptor.close(ignored);
            self->m_pause.cancel();
        });
    }

private:
    void accept() {
        if (!m_acceptor.is_open()) return;
        m_acceptor.async_accept(asio::make_strand(m_core->io.context()),
                                [self = shared_from_this()](ErrorCode error, http::Socket socket) {
                                    self->accepted(error, std::move(socket));
                                });
    }

    void accepted(ErrorCode error, http::Socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (error) {
            base::logger("http")->warn("accept: {}", error.message());
            m_pause.expires_after(kAcceptPause);
            m_pause.async_wait([self = shared_from_this()](ErrorCode cancelled) {
                if (!cancelled) self->accept();
            });
            return;
        }
        ++m_core->accepted;
        if (hasRoom() && !m_core->draining) {
            std::shared_ptr<asio::ssl::context> tls;
            {
                const std::lock_guard lock(m_tls->mutex);
                tls = m_tls->context;
            }
            const auto connection = std::make_shared<Connection>(m_core, std::move(socket), std::move(tls));
            asio::dispatch(connection->strand(), [connection] { connection->start(); });
        }
        accept();
    }

    bool hasRoom() {
        const std::lock_guard lock(m_core->mutex);
        return m_core->connections.size() < m_core->options.connectionLimit;
    }

    const std::shared_ptr<ServerCore> m_core;
    const std::shared_ptr<CurrentTls> m_tls;
    http::IoStrand m_strand;
    asio::basic_socket_acceptor<Tcp, http::IoStrand> m_acceptor;
    http::IoTimer m_pause;
};

}  // namespace

struct Server::State {
    struct Listening {
        ListenAddress address;
        std::shared_ptr<Listener> listener;
    };
    std::shared_ptr<ServerCore> core;
    std::shared_ptr<CurrentTls> tls = std::make_shared<CurrentTls>();
    mutable std::mutex mutex;  // guards listening
    std::vector<Listening> listening;
    bool stopped = false;

    std::vector<std::shared_ptr<Connection>> living() const {
        std::vector<std::shared_ptr<Connection>> living;
        const std::lock_guard lock(core->mutex);
        for (Connection* connection : core->connections) {
            if (auto shared = connection->weak_from_this().lock()) living.push_back(std::move(shared));
        }
        return living;
    }
    bool waitForConnections(std::optional<base::Duration> grace) const;
};

// Whether all have gone before the grace was over; without a grace it waits until they have.
bool Server::State::waitForConnections(std::optional<base::Duration> grace) const {
    std::unique_lock lock(core->mutex);
    const auto gone = [&] { return core->connections.empty() && core->listeners == 0; };
    if (grace) return core->fewer.wait_for(lock, *grace, gone);
    core->fewer.wait(lock, gone);
    return true;
}

Server::Server(std::unique_ptr<State> state) : m_state(std::move(state)) {}
Server::~Server() {
    shutDown(base::Duration::zero());
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, const base::Clock& clock, Handler handler) {
    auto context = makeServerTlsContext(options.identity, options.clientAuthoritiesPem);
    if (!context) return fail(context.error());
    const std::vector<ListenAddress> listen = options.listen;
    auto state = std::make_unique<State>();
    state->tls->context = std::move(*context);
    state->core = std::make_shared<ServerCore>(std::move(options), clock, std::move(handler));
    std::unique_ptr<Server> server(new Server(std::move(state)));
    for (const ListenAddress& address : listen) {
        if (const auto opened = server->listen(address); !opened) return fail(opened.error());
    }
    return server;
}

std::vector<ListenAddress> Server::addresses() const {
    const std::lock_guard lock(m_state->mutex);
    std::vector<ListenAddress> addresses;
    for (const State::Listening& entry : m_state->listening) addresses.push_back(entry.address);
    return addresses;
}

Result<ListenAddress> Server::listen(const ListenAddress& address) {
    const auto listener = std::make_shared<Listener>(m_state->core, m_state->tls);
    auto opened = listener->open(address);
    if (!opened) return opened;
    listener->start();
    const std::lock_guard lock(m_state->mutex);
    m_state->listening.push_back({*opened, listener});
    return opened;
}

void Server::unlisten(const ListenAddress& address) {
    const std::lock_guard lock(m_state->mutex);
    std::erase_if(m_state->listening, [&](const State::Listening& entry) {
        const bool same = entry.address.address == address.address && entry.address.port == address.port;
        if (same) entry.listener->close();
        return same;
    });
}

Result<void> Server::replaceTls(ServerTlsIdentity identity, std::string clientAuthoritiesPem) {
    auto context = makeServerTlsContext(identity, clientAuthoritiesPem);
    if (!context) return fail(context.error());
    const std::lock_guard lock(m_state->tls->mutex);
    m_state->tls->context = std::move(*context);
    return {};
}

ServerCounters Server::counters() const {
    ServerCore& core = *m_state->core;
    const std::lock_guard lock(core.mutex);
    return {core.accepted, core.connections.size(), core.requests, core.malformed};
}

void Server::shutDown(base::Duration grace) {
    if (std::exchange(m_state->stopped, true)) return;
    m_state->core->draining = true;
    {
        const std::lock_guard lock(m_state->mutex);
        for (const State::Listening& entry : m_state->listening) entry.listener->close();
        m_state->listening.clear();
    }
    for (const auto& connection : m_state->living()) {
        asio::post(connection->strand(), [connection] { connection->drain(); });
    }
    if (!m_state->waitForConnections(grace)) {
        for (const auto& connection : m_state->living()) {
            asio::post(connection->strand(), [connection] { connection->close(); });
        }
        // Handlers that are running now end first; a gate that is still shut holds nothing up.
        m_state->waitForConnections(std::nullopt);
    }
    m_state->core->io.stop();
}

}  // namespace qd::apiserver
