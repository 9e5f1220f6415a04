#include "cluster/control_plane/rbac_bootstrap.h"

#include <fmt/format.h>

#include "cluster/apiserver/auth/default_policy.h"
#include "cluster/base/log.h"

namespace qd::control_plane {
namespace {

class Bootstrap {
public:
    explicit Bootstrap(apiserver::ApiServer& server) : m_server(server) {
        m_caller.user.name = "system:apiserver";
        m_caller.user.groups = {std::string(apiserver::kMastersGroup), std::string(apiserver::kAuthenticatedGroup)};
        m_caller.manager = "kube-apiserver";
    }

    template <typename T>
    Result<void> ensureAll(const std::vector<T>& wanted) {
        for (const T& each : wanted) {
            if (auto done = ensure(each); !done) {
                return fail(done.error().within(fmt::format("the default {} {}", T::kDescriptor.kind->kind, each.metadata.name)));
            }
        }
        return {};
    }

    std::size_t written() const { return m_tickets.size(); }

    Result<void> wait() {
        for (auto& ticket : m_tickets) {
            if (auto durable = ticket.wait(); !durable) return durable;
        }
        return {};
    }

private:
    template <typename T>
    Result<void> ensure(const T& wanted) {
        const auto* description = T::kDescriptor.kind;
        const api::Kind* kind = api::builtinKind(description->group, description->version, description->kind);
        const apiserver::Target target{kind, wanted.metadata.namespace_, wanted.metadata.name, ""};
        const auto present = m_server.reader().get(kind->groupResource(), target.namespace_, target.name);
        if (!present) return create(target, wanted);
        auto completed = std::make_unique<T>(static_cast<const T&>(*present));
        if (!apiserver::complete(*completed, wanted)) return {};
        if constexpr (requires { completed->roleRef; }) {
            // A binding's role cannot be changed: it is made anew.
            if (completed->roleRef != static_cast<const T&>(*present).roleRef) {
                auto removed = m_server.verbs().remove(m_caller, target, {});
                if (!removed) return fail(std::move(removed.error()));
                m_tickets.push_back(std::move(removed->ticket));
                T fresh = wanted;
                fresh.subjects = completed->subjects;
                return create(target, fresh);
            }
        }
        return keep(m_server.verbs().update(m_caller, target, std::move(completed), {}));
    }

    template <typename T>
    Result<void> create(const apiserver::Target& target, const T& wanted) {
        return keep(m_server.verbs().create(m_caller, target, std::make_unique<T>(wanted), {}));
    }

    Result<void> keep(Result<apiserver::Written> written) {
        if (!written) return fail(std::move(written.error()));
        m_tickets.push_back(std::move(written->ticket));
        return {};
    }

    apiserver::ApiServer& m_server;
    apiserver::Caller m_caller;
    std::vector<store::Ticket> m_tickets;
};

}  // namespace

Result<void> ensureDefaultPolicy(apiserver::ApiServer& server) {
    const auto begin = server.executor().clock().steady();
    const auto policy = apiserver::defaultPolicy();
    if (!policy) return fail(policy.error());
    Bootstrap bootstrap(server);
    auto done = bootstrap.ensureAll(policy->clusterRoles);
    if (done) done = bootstrap.ensureAll(policy->clusterRoleBindings);
    if (done) done = bootstrap.ensureAll(policy->roles);
    if (done) done = bootstrap.ensureAll(policy->roleBindings);
    if (!done) return done;
    done = bootstrap.wait();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(server.executor().clock().steady() - begin);
    if (bootstrap.written() > 0) base::logger("rbac")->info("{} default roles and bindings written in {} ms", bootstrap.written(), took.count());
    return done;
}

}  // namespace qd::control_plane
