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
    StreamBridge();
    ~StreamBridge() override;
    apiserver::Response open(const std::string& url, const apiserver::Request& request) override;

private:
    std::unique_ptr<http::IoThreads> m_io;
};

}  // namespace qd::agent::server
