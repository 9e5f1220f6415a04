// From kubeconfigs to clients.
#pragma once

#include <memory>
#include <string>

#include "cluster/client/https_client.h"

namespace qd::agent {

struct Connection {
    std::unique_ptr<client::HttpThreads> threads;  // outlive the clients
    std::unique_ptr<client::HttpsClient> client;
    std::unique_ptr<client::HttpsClient> bootstrap;  // shows the bootstrap token; null when there is none
};

// The client of the kubeconfig's current context. Nothing is sent yet.
Result<Connection> connect(const std::string& kubeconfigPath, const base::Clock& clock);

// For a node that has to join first: of that kubeconfig the client has the server and its authority only, and shows
// nobody's certificate until it is given one (CertificateManager). The token of its user, if it has one, is the
// bootstrap client's.
Result<Connection> connectToJoin(const std::string& bootstrapKubeconfigPath, const base::Clock& clock);

}  // namespace qd::agent
