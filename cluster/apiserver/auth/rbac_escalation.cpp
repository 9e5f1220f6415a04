#include "cluster/apiserver/auth/rbac_escalation.h"

#include <fmt/format.h>

#include <set>

#include "cluster/api/compare.h"
#include "cluster/apiserver/auth/rbac_rules.h"

namespace qd::apiserver {
namespace {

constexpr const char* kGroup = "rbac.authorization.k8s.io";

bool gathers(const rbacv1::ClusterRole* role) {
    return role && role->aggregationRule && !role->aggregationRule->clusterRoleSelectors.empty();
}

std::vector<rbacv1::PolicyRule> fullAuthority() {
    std::vector<rbacv1::PolicyRule> rules(2);
    rules[0].verbs = rules[0].apiGroups = rules[0].resources = {"*"};
    rules[1].verbs = rules[1].nonResourceURLs = {"*"};
    return rules;
}

// What the garbage collector changes gives nobody anything.
template <typename T>
bool sameButForOwners(const api::Object& now, const api::Object* old) {
    if (!old) return false;
    T copy = static_cast<const T&>(now);
    const T& before = static_cast<const T&>(*old);
    copy.metadata.ownerReferences = before.metadata.ownerReferences;
    copy.metadata.finalizers = before.metadata.finalizers;
    copy.metadata.managedFields = before.metadata.managedFields;
    copy.metadata.resourceVersion = before.metadata.resourceVersion;
    return copy == before;
}

bool onlyOwnersChange(const AdmissionRequest& request) {
    const std::string& kind = request.kind->kind;
    if (kind == "Role") return sameButForOwners<rbacv1::Role>(*request.object, request.old);
    if (kind == "ClusterRole") return sameButForOwners<rbacv1::ClusterRole>(*request.object, request.old);
    if (kind == "RoleBinding") return sameButForOwners<rbacv1::RoleBinding>(*request.object, request.old);
    return sameButForOwners<rbacv1::ClusterRoleBinding>(*request.object, request.old);
}

const rbacv1::RoleRef& roleOf(const api::Object& binding, const std::string& kind) {
    return kind == "RoleBinding" ? static_cast<const rbacv1::RoleBinding&>(binding).roleRef
                                 : static_cast<const rbacv1::ClusterRoleBinding&>(binding).roleRef;
}

}  // namespace

Result<void> RbacEscalation::mutate(AdmissionRequest& request, const Reader&) const {
    if (request.kind->group != kGroup || !request.subresource.empty() || !request.object) return {};
    if (request.user.isIn(kMastersGroup) || onlyOwnersChange(request)) return {};
    return request.kind->kind.ends_with("Binding") ? checkBinding(request) : checkRole(request);
}

bool RbacEscalation::may(const AdmissionRequest& request, const char* verb, const std::string& group, const std::string& resource, const std::string& name) const {
    AuthorizationAttributes asked;
    asked.user = &request.user;
    asked.verb = verb;
    asked.group = group;
    asked.version = "*";
    asked.resource = resource;
    asked.namespace_ = request.namespace_;
    asked.name = name;
    return m_authorizer.authorize(asked).decision == Decision::Allow;
}

Result<void> RbacEscalation::checkRole(const AdmissionRequest& request) const {
    // The request's name: a creation has none.
    const std::string name = request.old ? request.name : std::string();
    if (may(request, "escalate", kGroup, request.kind->plural, name)) return {};
    if (request.kind->kind == "Role") return covered(request, static_cast<const rbacv1::Role&>(*request.object).rules);
    const auto& role = static_cast<const rbacv1::ClusterRole&>(*request.object);
    if (auto checked = covered(request, role.rules); !checked) return checked;
    // It may gather anything.
    if (!gathers(&role) && !gathers(static_cast<const rbacv1::ClusterRole*>(request.old))) return {};
    if (covered(request, fullAuthority())) return {};
    return fail(forbidden(request, "must have cluster-admin privileges to use the aggregationRule"));
}

Result<void> RbacEscalation::checkBinding(const AdmissionRequest& request) const {
    const rbacv1::RoleRef& ref = roleOf(*request.object, request.kind->kind);
    const bool known = ref.kind == "ClusterRole" || ref.kind == "Role";
    if (known && may(request, "bind", ref.apiGroup, ref.kind == "Role" ? "roles" : "clusterroles", ref.name)) return {};
    if (!known) return {};  // validation refuses it
    const auto rules = m_rbac.rulesOf(ref, request.namespace_);
    if (!rules) return fail(rules.error());
    return covered(request, *rules);
}

Result<void> RbacEscalation::covered(const AdmissionRequest& request, const std::vector<rbacv1::PolicyRule>& rules) const {
    std::vector<std::string> problems;
    const auto missing = missingRules(m_rbac.rulesFor(request.user, request.namespace_, &problems), rules);
    if (missing.empty()) return {};
    std::set<std::string> descriptions;
    for (const auto& rule : compactRules(missing)) descriptions.insert(describeRule(rule));
    std::string why = fmt::format("user \"{}\" (groups=[\"{}\"]) is attempting to grant RBAC permissions not currently held:\n{}", request.user.name,
                                  fmt::join(request.user.groups, "\" \""), fmt::join(descriptions, "\n"));
    if (!problems.empty()) why += fmt::format("; resolution errors: [{}]", api::field::aggregate(problems));
    return fail(forbidden(request, why));
}

}  // namespace qd::apiserver
