#include "cluster/control_plane/bootstrap_batch.h"

namespace qd::control_plane {

BootstrapBatch::BootstrapBatch(apiserver::ApiServer& server) : m_server(server) {
    m_caller.user.name = "system:apiserver";
    m_caller.user.groups = {std::string(apiserver::kMastersGroup), std::string(apiserver::kAuthenticatedGroup)};
    m_caller.manager = "kube-apiserver";
}

Result<void> BootstrapBatch::update(const apiserver::Target& target, std::unique_ptr<api::Object> object) {
    return keep(m_server.verbs().update(m_caller, target, std::move(object), {}));
}

Result<void> BootstrapBatch::remove(const apiserver::Target& target) {
    auto removed = m_server.verbs().remove(m_caller, target, {});
    if (!removed) return fail(std::move(removed.error()));
    m_tickets.push_back(std::move(removed->ticket));
    return {};
}

Result<void> BootstrapBatch::wait() {
    for (auto& ticket : m_tickets) {
        if (auto durable = ticket.wait(); !durable) return durable;
    }
    return {};
}

Result<void> BootstrapBatch::keep(Result<apiserver::Written> written) {
    if (!written) return fail(std::move(written.error()));
    m_tickets.push_back(std::move(written->ticket));
    return {};
}

}  // namespace qd::control_plane
