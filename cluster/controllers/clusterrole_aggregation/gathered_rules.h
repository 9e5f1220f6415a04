// What an aggregated role gathers. Pure.
#pragma once

#include <memory>
#include <vector>

#include "cluster/api/types/rbac_v1.h"

namespace qd::controllers {

// The rules of all roles that its selectors choose, each once: selector by selector, in the roles' alphabetical order.
std::vector<rbacv1::PolicyRule> gatheredRules(const rbacv1::ClusterRole& role, std::vector<std::shared_ptr<const rbacv1::ClusterRole>> roles);

}  // namespace qd::controllers
