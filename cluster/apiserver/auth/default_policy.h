// The roles and bindings that every cluster has, and how those of an older cluster, or changed ones, are completed.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings.
//
// They are written in resources/rbac/default_policy.txt, which is compiled in.
#pragma once

#include <string_view>
#include <vector>

#include "cluster/api/types/rbac_v1.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

struct Policy {
    std::vector<rbacv1::ClusterRole> clusterRoles;
    std::vector<rbacv1::ClusterRoleBinding> clusterRoleBindings;
    std::vector<rbacv1::Role> roles;
    std::vector<rbacv1::RoleBinding> roleBindings;
};

// BadRequest names the line. Aggregated roles have no rules: a controller gathers them.
Result<Policy> parsePolicy(std::string_view text);
// The compiled-in one.
Result<Policy> defaultPolicy();

// Gives an object that is there what the default one has and it lacks; what was added to it stays. False: nothing lacks, or
// its owner has put the annotation rbac.authorization.kubernetes.io/autoupdate=false.
bool complete(rbacv1::ClusterRole& present, const rbacv1::ClusterRole& wanted);
bool complete(rbacv1::Role& present, const rbacv1::Role& wanted);
bool complete(rbacv1::ClusterRoleBinding& present, const rbacv1::ClusterRoleBinding& wanted);
bool complete(rbacv1::RoleBinding& present, const rbacv1::RoleBinding& wanted);

}  // namespace qd::apiserver
