// From a kubeconfig to a client.
#pragma once

#include <memory>
#include <string>

#include "cluster/client/client.h"
#include "cluster/client/transport/http_client.h"

namespace qd::agent {

struct Connection {
    std::unique_ptr<client::HttpThreads> threads;  // outlive the client
    std::unique_ptr<client::Client> client;
};

// The client of the kubeconfig's current context. Nothing is sent yet.
Result<Connection> connect(const std::string& kubeconfigPath, const base::Clock& clock);

}  // namespace qd::agent
