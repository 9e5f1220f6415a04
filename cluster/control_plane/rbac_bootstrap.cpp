#include "cluster/control_plane/rbac_bootstrap.h"

#include <fmt/format.h>

#include "cluster/apiserver/auth/default_policy.h"
#include "cluster/base/log.h"
#include "cluster/control_plane/bootstrap_batch.h"

namespace qd::control_plane {
namespace {

template <typename T>
Result<void> ensure(BootstrapBatch& batch, const T& wanted) {
    const apiserver::Target target = BootstrapBatch::targetOf(wanted);
    const auto present = batch.find<T>(target);
    if (!present) return batch.create(target, wanted);
    auto completed = std::make_unique<T>(*present);
    if (!apiserver::complete(*completed, wanted)) return {};
    if constexpr (requires { completed->roleRef; }) {
        // A binding's role cannot be changed: it is made anew.
        if (completed->roleRef != present->roleRef) {
            if (auto removed = batch.remove(target); !removed) return removed;
            T fresh = wanted;
            fresh.subjects = completed->subjects;
            return batch.create(target, fresh);
        }
    }
    return batch.update(target, std::move(completed));
}

template <typename T>
Result<void> ensureAll(BootstrapBatch& batch, const std::vector<T>& wanted) {
    for (const T& each : wanted) {
        if (auto done = ensure(batch, each); !done) {
            return fail(done.error().within(fmt::format("the default {} {}", T::kDescriptor.kind->kind, each.metadata.name)));
        }
    }
    return {};
}

}  // namespace

Result<void> ensureDefaultPolicy(apiserver::ApiServer& server) {
    const auto begin = server.executor().clock().steady();
    const auto policy = apiserver::defaultPolicy();
    if (!policy) return fail(policy.error());
    BootstrapBatch batch(server);
    auto done = ensureAll(batch, policy->clusterRoles);
    if (done) done = ensureAll(batch, policy->clusterRoleBindings);
    if (done) done = ensureAll(batch, policy->roles);
    if (done) done = ensureAll(batch, policy->roleBindings);
    if (!done) return done;
    done = batch.wait();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(server.executor().clock().steady() - begin);
    if (batch.written() > 0) base::logger("rbac")->info("{} default roles and bindings written in {} ms", batch.written(), took.count());
    return done;
}

}  // namespace qd::control_plane
