// The HTTPS server: TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2 (chosen by ALPN), streams and upgrades, in front of one
// Handler.
//
// Threads: the server owns a few and runs every connection on them; no connection holds a thread. Requests of one
// HTTP/1 connection are answered in order; those of one HTTP/2 connection are handled concurrently. A request reaches
// the handler only when it has arrived whole: a connection that breaks before that has called nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cluster/apiserver/http.h"
#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::apiserver {

struct ServerTlsIdentity {
    std::string certificatePem;  // with the chain after it
    std::string keyPem;
};

struct ListenAddress {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: the system chooses
};

struct ServerOptions {
    std::vector<ListenAddress> listen;
    ServerTlsIdentity identity;
    // Authorities of client certificates. A certificate is asked for when this is not empty, but never required.
    std::string clientAuthoritiesPem;
    unsigned threads = 2;

    std::size_t bodyLimit = 3 * 1024 * 1024;  // kube-apiserver's limit of a request body
    std::size_t headerLimit = 1024 * 1024;    // Go's default
    std::size_t compressFrom = 128 * 1024;    // kube-apiserver's threshold
    unsigned connectionLimit = 4096;          // more are refused at once
    unsigned concurrentStreams = 250;         // of one HTTP/2 connection
    base::Duration handshakeTimeout = std::chrono::seconds(10);
    base::Duration headerTimeout = std::chrono::seconds(32);  // kube-apiserver's ReadHeaderTimeout
    base::Duration bodyTimeout = std::chrono::seconds(60);
    base::Duration idleTimeout = std::chrono::seconds(90);  // kube-apiserver's IdleTimeout
    // A peer that takes no byte of what is being sent to it for this long is cut off.
    base::Duration stallTimeout = std::chrono::seconds(120);
};

// Numbers since the start; for /metrics.
struct ServerCounters {
    std::uint64_t connections = 0;      // accepted
    std::uint64_t openConnections = 0;  // now
    std::uint64_t requests = 0;         // given to the handler
    std::uint64_t malformed = 0;        // refused before that
};

class Server {
public:
    // Listens on all addresses or on none. The clock decides whether client certificates have expired.
    static Result<std::unique_ptr<Server>> start(ServerOptions options, const base::Clock& clock, Handler handler);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Where it listens, with the ports that the system chose.
    std::vector<ListenAddress> addresses() const;
    // Listens on one more address, e.g. when the cluster's bridge has come up. Returns it with its port.
    Result<ListenAddress> listen(const ListenAddress& address);
    // Stops listening there; connections stay.
    void unlisten(const ListenAddress& address);

    // Used by connections from now on.
    Result<void> replaceTls(ServerTlsIdentity identity, std::string clientAuthoritiesPem);

    ServerCounters counters() const;

    // Stops listening, ends all streams and channels, lets the requests that are being handled finish for at most
    // `grace`, then closes what is left and joins the threads. Once; the destructor does it with no grace. Must not be
    // called by a handler.
    void shutDown(base::Duration grace);

private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

}  // namespace qd::apiserver
