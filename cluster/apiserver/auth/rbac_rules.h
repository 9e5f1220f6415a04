// What RBAC's rules and subjects mean. Pure functions.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/types/rbac_v1.h"
#include "cluster/apiserver/auth/authorizer.h"

namespace qd::apiserver {

// Whether one rule allows what is asked.
bool ruleAllows(const rbacv1::PolicyRule& rule, const AuthorizationAttributes& asked);
// Whether a binding's subject is this user.
bool isSubject(const rbacv1::Subject& subject, const User& user, const std::string& bindingNamespace);

// The parts of `wanted` that `held` does not cover, each with one verb, one resource or URL and at most one name: what
// somebody would gain who is given `wanted`.
std::vector<rbacv1::PolicyRule> missingRules(const std::vector<rbacv1::PolicyRule>& held,
                                             const std::vector<rbacv1::PolicyRule>& wanted);
// Rules on resources that differ in their verbs alone, put together.
std::vector<rbacv1::PolicyRule> compactRules(const std::vector<rbacv1::PolicyRule>& rules);
// {APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}
std::string describeRule(const rbacv1::PolicyRule& rule);

}  // namespace qd::apiserver
