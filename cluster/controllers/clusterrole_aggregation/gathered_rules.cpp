#include "cluster/controllers/clusterrole_aggregation/gathered_rules.h"

#include <algorithm>

#include "cluster/api/meta/selectors.h"

namespace qd::controllers {

std::vector<rbacv1::PolicyRule> gatheredRules(const rbacv1::ClusterRole& role, std::vector<std::shared_ptr<const rbacv1::ClusterRole>> roles) {
    std::vector<rbacv1::PolicyRule> rules;
    if (!role.aggregationRule) return rules;
    std::sort(roles.begin(), roles.end(), [](const auto& a, const auto& b) { return a->metadata.name < b->metadata.name; });
    for (const auto& wanted : role.aggregationRule->clusterRoleSelectors) {
        const auto selector = api::LabelSelector::from(wanted);
        if (!selector) continue;
        for (const auto& other : roles) {
            if (other->metadata.name == role.metadata.name || !selector->matches(other->metadata.labels)) continue;
            for (const auto& rule : other->rules) {
                if (std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.push_back(rule);
            }
        }
    }
    return rules;
}

}  // namespace qd::controllers
