#include "cluster/apiserver/auth/rbac.h"

#include <algorithm>

namespace qd::apiserver {
namespace {

const std::string kRbacGroup = "rbac.authorization.k8s.io";

bool has(const std::vector<std::string>& list, std::string_view wanted) {
    return std::any_of(list.begin(), list.end(), [&](const std::string& each) { return each == "*" || each == wanted; });
}

bool resourceMatches(const rbacv1::PolicyRule& rule, const AuthorizationAttributes& asked) {
    const std::string combined = asked.subresource.empty() ? asked.resource : asked.resource + "/" + asked.subresource;
    for (const auto& each : rule.resources) {
        if (each == "*" || each == combined) return true;
        if (!asked.subresource.empty() && each == "*/" + asked.subresource) return true;
    }
    return false;
}

bool pathMatches(const rbacv1::PolicyRule& rule, const std::string& path) {
    for (const auto& each : rule.nonResourceURLs) {
        if (each == "*" || each == path) return true;
        if (each.ends_with('*') && path.starts_with(std::string_view(each).substr(0, each.size() - 1))) return true;
    }
    return false;
}

template <typename Binding, typename Visit>
void visitBindings(const Reader& reader, const char* resource, const std::string& ns, const User& user, Visit&& visit) {
    for (const auto& object : reader.list(resource, ns)) {
        const auto& binding = static_cast<const Binding&>(*object);
        const bool bound = std::any_of(binding.subjects.begin(), binding.subjects.end(), [&](const auto& subject) { return isSubject(subject, user, ns); });
        if (bound && !visit(binding)) return;
    }
}

std::vector<rbacv1::PolicyRule> rulesOf(const Reader& reader, const rbacv1::RoleRef& ref, const std::string& ns) {
    if (ref.kind == "ClusterRole") {
        const auto role = reader.get("clusterroles." + kRbacGroup, "", ref.name);
        return role ? static_cast<const rbacv1::ClusterRole&>(*role).rules : std::vector<rbacv1::PolicyRule>{};
    }
    const auto role = reader.get("roles." + kRbacGroup, ns, ref.name);
    return role ? static_cast<const rbacv1::Role&>(*role).rules : std::vector<rbacv1::PolicyRule>{};
}

}  // namespace

bool ruleAllows(const rbacv1::PolicyRule& rule, const AuthorizationAttributes& asked) {
    if (!has(rule.verbs, asked.verb)) return false;
    if (!asked.isResource) return pathMatches(rule, asked.path);
    const bool named = rule.resourceNames.empty() || std::find(rule.resourceNames.begin(), rule.resourceNames.end(), asked.name) != rule.resourceNames.end();
    return named && has(rule.apiGroups, asked.group) && resourceMatches(rule, asked);
}

bool isSubject(const rbacv1::Subject& subject, const User& user, const std::string& bindingNamespace) {
    if (subject.kind == "User") return subject.name == user.name;
    if (subject.kind == "Group") return user.isIn(subject.name);
    if (subject.kind != "ServiceAccount") return false;
    const std::string& ns = subject.namespace_.empty() ? bindingNamespace : subject.namespace_;
    return !ns.empty() && user.name == "system:serviceaccount:" + ns + ":" + subject.name;
}

Verdict RbacAuthorizer::authorize(const AuthorizationAttributes& asked) const {
    bool allowed = false;
    const auto check = [&](const rbacv1::RoleRef& ref, const std::string& ns) {
        for (const auto& rule : rulesOf(m_reader, ref, ns)) {
            if (ruleAllows(rule, asked)) allowed = true;
        }
        return !allowed;
    };
    visitBindings<rbacv1::ClusterRoleBinding>(m_reader, "clusterrolebindings.rbac.authorization.k8s.io", "", *asked.user,
                                              [&](const auto& binding) { return check(binding.roleRef, ""); });
    if (!allowed && !asked.namespace_.empty()) {
        visitBindings<rbacv1::RoleBinding>(m_reader, "rolebindings.rbac.authorization.k8s.io", asked.namespace_, *asked.user,
                                           [&](const auto& binding) { return check(binding.roleRef, asked.namespace_); });
    }
    return {allowed ? Decision::Allow : Decision::NoOpinion, ""};
}

std::vector<rbacv1::PolicyRule> RbacAuthorizer::rulesFor(const User& user, const std::string& ns) const {
    std::vector<rbacv1::PolicyRule> all;
    const auto add = [&](const rbacv1::RoleRef& ref, const std::string& in) {
        for (auto& rule : rulesOf(m_reader, ref, in)) all.push_back(std::move(rule));
        return true;
    };
    visitBindings<rbacv1::ClusterRoleBinding>(m_reader, "clusterrolebindings.rbac.authorization.k8s.io", "", user,
                                              [&](const auto& binding) { return add(binding.roleRef, ""); });
    if (!ns.empty()) {
        visitBindings<rbacv1::RoleBinding>(m_reader, "rolebindings.rbac.authorization.k8s.io", ns, user,
                                           [&](const auto& binding) { return add(binding.roleRef, ns); });
    }
    return all;
}

Verdict UnionAuthorizer::authorize(const AuthorizationAttributes& attributes) const {
    Verdict last;
    for (const auto& member : m_members) {
        Verdict verdict = member->authorize(attributes);
        if (verdict.decision != Decision::NoOpinion) return verdict;
        if (!verdict.reason.empty()) last.reason = verdict.reason;
    }
    return last;
}

}  // namespace qd::apiserver
