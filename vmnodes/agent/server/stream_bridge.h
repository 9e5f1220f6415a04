// Joins a client's upgraded connection with a session of the runtime's streaming server.
//
//   client speaks                                   runtime is spoken to
//   SPDY/3.1 (older kubectl, API servers)           SPDY/3.1, byte for byte
//   WebSocket v5/v4.channel.k8s.io                  SPDY/3.1, translated by remote_command.h
//   WebSocket SPDY/3.1+portforward.k8s.io (tunnel)  SPDY/3.1, the messages' bytes
#pragma once

#include <memory>

#include "vmnodes/agent/server/node_server.h"

namespace qd::http {
class IoThreads;
}

namespace qd::agent::server {

class StreamBridge final : public SessionOpener {
public:
    // keepAlive: how often the runtime is asked for a sign of life in translated sessions, whose clients cannot do so
    // themselves; containerd ends those that it sees nothing of for four hours.
    explicit StreamBridge(base::Duration keepAlive = std::chrono::minutes(5));
    ~StreamBridge() override;
    apiserver::Response open(const std::string& url, const apiserver::Request& request) override;

private:
    const base::Duration m_keepAlive;
    std::unique_ptr<http::IoThreads> m_io;
};

}  // namespace qd::agent::server
