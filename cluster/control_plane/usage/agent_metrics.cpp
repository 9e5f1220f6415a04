#include "cluster/control_plane/usage/agent_metrics.h"

#include <fmt/format.h>

namespace qd::control_plane {
namespace {

constexpr base::Duration kPatience = std::chrono::seconds(10);

std::string urlOf(const corev1::Node& node) {
    for (const auto& address : node.status.addresses)
        if (address.type == corev1::NodeInternalIP)
            return fmt::format("https://{}:{}", address.address, node.status.daemonEndpoints.kubeletEndpoint.Port);
    return {};
}

}  // namespace

AgentMetrics::AgentMetrics(std::string authoritiesPem, pki::Identity identity, const base::Clock& clock)
    : m_authoritiesPem(std::move(authoritiesPem)), m_identity(std::move(identity)), m_clock(clock) {}

Result<std::shared_ptr<client::HttpClient>> AgentMetrics::clientOf(const std::string& server) {
    const std::lock_guard lock(m_mutex);
    if (m_closed) return fail(Reason::ServiceUnavailable, "the control plane is stopping");
    auto& known = m_clients[server];
    if (known) return known;
    auto made = client::HttpClient::create(m_threads,
                                           {.server = server,
                                            .authoritiesPem = m_authoritiesPem,
                                            .serverName = {},
                                            .certificatePem = m_identity.certificatePem,
                                            .keyPem = m_identity.keyPem,
                                            .bearerToken = {},
                                            .bearerTokenFile = {},
                                            .connectTimeout = kPatience},
                                           m_clock);
    if (!made) return fail(std::move(made.error()));
    known = std::move(*made);
    return known;
}

Result<std::string> AgentMetrics::ask(const corev1::Node& node) {
    const std::string server = urlOf(node);
    if (server.empty()) return fail(Reason::NotFound, "the node has no address");
    const auto client = clientOf(server);
    if (!client) return fail(client.error());
    auto answer = (*client)->send({.method = "GET", .target = "/metrics/resource"}, kPatience);
    if (!answer) return fail(std::move(answer.error()));
    if (answer->code != 200) return fail(Reason::ServiceUnavailable, fmt::format("the agent answers {}", answer->code));
    return std::move(answer->body);
}

void AgentMetrics::close() {
    const std::lock_guard lock(m_mutex);
    m_closed = true;
    m_clients.clear();
}

}  // namespace qd::control_plane
