// Sends requests on to other servers (the agent of a node, a Pod, the Pods behind a Service) and gives their answers
// back as they come: whole ones, endless ones (a followed log), and upgraded connections (exec, attach, port-forward),
// which are passed on byte for byte in both directions.
//
// Each request has a connection of its own. Nothing blocks and no thread is held: the response waits at its gate until
// the other server's head has come. A slow client holds the other server back, and the other way round. A client that
// goes takes the connection to the other server with it. The forwarder must outlive the transport that its responses go
// through.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/apiserver/http.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

// How node agents are spoken to: their certificates are issued by these authorities, and this is who we are.
struct AgentCredentials {
    std::string authoritiesPem;
    std::string certificatePem;
    std::string keyPem;
};

struct ForwardRequest {
    enum class Security : std::uint8_t {
        Plain,
        UnverifiedTls,  // Pods have certificates of their own making
        NodeAgent,      // AgentCredentials; the certificate must be good for the address
    };
    std::string address;  // IPv4 or IPv6, no name
    std::uint16_t port = 0;
    Security security = Security::NodeAgent;
    std::string target;  // path and query, escaped
    bool upgrade = false;

    // What the client is told when there is no answer; `why` as Go words it, e.g. "dial tcp 10.0.0.7:10250: connect:
    // connection refused".
    std::function<Response(const std::string& why)> unreachable;
    // When set: answers outside 200 to 206 (and 101) are read whole, up to 16 KiB, and replaced.
    std::function<Response(int code, const std::string& body)> refused;
    // When set: may change the answer's header fields.
    std::function<void(Headers& headers)> answered;
};

class Forwarder {
public:
    static Result<std::unique_ptr<Forwarder>> create(const AgentCredentials& credentials);
    ~Forwarder();

    // Method, header fields and body are the client's. Who the client is, is not passed on.
    Response forward(const Request& client, ForwardRequest request);

private:
    struct State;
    explicit Forwarder(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

}  // namespace qd::apiserver
