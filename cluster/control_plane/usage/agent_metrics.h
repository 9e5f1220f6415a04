// Asks nodes' agents for their metrics over HTTPS, as the API server.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/pki/certificate.h"
#include "cluster/client/transport/http_client.h"

namespace qd::control_plane {

// Thread-safe.
class AgentMetrics {
public:
    // identity: who asks.
    AgentMetrics(std::string authoritiesPem, pki::Identity identity, const base::Clock& clock);

    // What the agent answers at /metrics/resource. Waits for it, ten seconds at most.
    Result<std::string> ask(const corev1::Node& node);
    // Ends the questions that are under way, and refuses others.
    void close();

private:
    Result<std::shared_ptr<client::HttpClient>> clientOf(const std::string& server);

    const std::string m_authoritiesPem;
    const pki::Identity m_identity;
    const base::Clock& m_clock;
    client::HttpThreads m_threads;
    std::mutex m_mutex;
    std::map<std::string, std::shared_ptr<client::HttpClient>> m_clients;  // by the agent's URL; guarded by m_mutex
    bool m_closed = false;                                                 // guarded by m_mutex
};

}  // namespace qd::control_plane
