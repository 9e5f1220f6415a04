// Writes of the control plane itself when it starts: all are submitted, then waited for together, so that a hundred of them
// cost one commit.
#pragma once

#include <memory>
#include <vector>

#include "cluster/apiserver/api_server.h"

namespace qd::control_plane {

class BootstrapBatch {
public:
    explicit BootstrapBatch(apiserver::ApiServer& server);

    template <typename T>
    static apiserver::Target targetOf(const T& object) {
        const auto* description = T::kDescriptor.kind;
        return {api::builtinKind(description->group, description->version, description->kind), object.metadata.namespace_, object.metadata.name, ""};
    }
    // What is committed; null when there is none.
    template <typename T>
    std::shared_ptr<const T> find(const apiserver::Target& target) const {
        return std::static_pointer_cast<const T>(m_server.reader().get(target.kind->groupResource(), target.namespace_, target.name));
    }

    template <typename T>
    Result<void> create(const apiserver::Target& target, const T& object) {
        return keep(m_server.verbs().create(m_caller, target, std::make_unique<T>(object), {}));
    }
    Result<void> update(const apiserver::Target& target, std::unique_ptr<api::Object> object);
    Result<void> remove(const apiserver::Target& target);

    std::size_t written() const { return m_tickets.size(); }
    // Until everything is on disk.
    Result<void> wait();

private:
    Result<void> keep(Result<apiserver::Written> written);

    apiserver::ApiServer& m_server;
    apiserver::Caller m_caller;
    std::vector<store::Ticket> m_tickets;
};

}  // namespace qd::control_plane
