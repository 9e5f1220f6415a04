#include "cluster/controllers/clusterrole_aggregation/clusterrole_aggregation_controller.h"

#include "cluster/api/types/rbac_v1.h"
#include "cluster/controllers/clusterrole_aggregation/gathered_rules.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {

ClusterRoleAggregationController::ClusterRoleAggregationController(Context& context)
    : m_context(context), m_roles(context.informers.informer(client::resourceOf<rbacv1::ClusterRole>())) {
    m_roles.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { addAggregated(now ? *now : *old); });
}

void ClusterRoleAggregationController::addAggregated(const api::Object& because) {
    for (const auto& role : client::Lister<rbacv1::ClusterRole>(m_roles).list()) {
        if (role->aggregationRule) m_context.keys.add(role->metadata.name, because);
    }
}

Result<Outcome> ClusterRoleAggregationController::sync(const std::string& key) {
    const client::Lister<rbacv1::ClusterRole> roles(m_roles);
    const auto current = roles.get("", key);
    if (!current || !current->aggregationRule) return Outcome{};
    auto rules = gatheredRules(*current, roles.list());
    if (rules == current->rules) return Outcome{};
    rbacv1::ClusterRole wanted = *current;
    wanted.rules = std::move(rules);
    const auto written = client::Api<rbacv1::ClusterRole>(m_context.client).update(wanted, controllerWrite());
    if (written || written.error().reason == Reason::NotFound) return Outcome{};
    return fail(written.error());
}

}  // namespace qd::controllers
