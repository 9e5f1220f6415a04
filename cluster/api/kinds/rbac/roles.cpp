// Roles and ClusterRoles differ in scope and in what only a cluster has. Source:
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#role-and-clusterrole.
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/kinds/rbac/kinds.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/types/rbac_v1.h"

namespace qd::api {
namespace {

using rbacv1::ClusterRole;
using rbacv1::Role;

const field::Path kMetadata("metadata");

field::Errors ruleErrors(const rbacv1::PolicyRule& rule, bool namespaced, const field::Path& path) {
    field::Errors errors;
    if (rule.verbs.empty()) errors.push_back(field::required(path.child("verbs"), "verbs must contain at least one value"));
    if (!rule.nonResourceURLs.empty()) {
        const field::Path at = path.child("nonResourceURLs");
        if (namespaced) errors.push_back(field::invalid(at, shownStrings(rule.nonResourceURLs), "namespaced rules cannot apply to non-resource URLs"));
        if (!rule.apiGroups.empty() || !rule.resources.empty() || !rule.resourceNames.empty()) {
            errors.push_back(field::invalid(at, shownStrings(rule.nonResourceURLs), "rules cannot apply to both regular resources and non-resource URLs"));
        }
        return errors;
    }
    if (rule.apiGroups.empty()) errors.push_back(field::required(path.child("apiGroups"), "resource rules must supply at least one api group"));
    if (rule.resources.empty()) errors.push_back(field::required(path.child("resources"), "resource rules must supply at least one resource"));
    return errors;
}

field::Errors rulesErrors(const std::vector<rbacv1::PolicyRule>& rules, bool namespaced) {
    field::Errors errors;
    for (std::size_t i = 0; i < rules.size(); ++i) field::append(errors, ruleErrors(rules[i], namespaced, field::Path("rules").index(i)));
    return errors;
}

field::Errors roleErrors(const Object& object) {
    field::Errors errors = validateObjectMeta(object.metadata, true, nameAsPathSegmentErrors, kMetadata);
    field::append(errors, rulesErrors(as<Role>(object).rules, true));
    return errors;
}

field::Errors clusterRoleErrors(const Object& object) {
    const auto& role = as<ClusterRole>(object);
    field::Errors errors = validateObjectMeta(object.metadata, false, nameAsPathSegmentErrors, kMetadata);
    field::append(errors, rulesErrors(role.rules, false));
    if (!role.aggregationRule) return errors;
    const field::Path path = field::Path("aggregationRule").child("clusterRoleSelectors");
    const auto& selectors = role.aggregationRule->clusterRoleSelectors;
    if (selectors.empty()) errors.push_back(field::required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil"));
    for (std::size_t i = 0; i < selectors.size(); ++i) {
        auto faults = validateLabelSelector(&selectors[i], path.index(i));
        const bool unreadable = !faults.empty();
        field::append(errors, std::move(faults));
        if (unreadable) errors.push_back(field::invalid(path.index(i), field::Shown::null(), "invalid label selector."));
    }
    return errors;
}

void addRoleRules(Kind& kind, field::Errors (*check)(const Object&)) {
    kind.allowCreateOnUpdate = true;
    kind.nameErrors = nameAsPathSegmentErrors;
    validateCreate(kind, check);
    validateUpdate(kind, [check](const Object& now, const Object& old) {
        field::Errors errors = check(now);
        field::append(errors, validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata));
        return errors;
    });
    // Roles are the one kind whose table shows the time itself.
    kind.columns = {nameColumn(), fieldColumn<metav1::ObjectMeta>("Created At", "date", "creationTimestamp")};
    kind.cells = [](const Object& object, base::WallTime) -> std::vector<Cell> { return {object.metadata.name, object.metadata.creationTimestamp.toString()}; };
}

}  // namespace

Kind roleKind() {
    Kind kind = plainKind("rbac.authorization.k8s.io", "v1", "Role");
    addRoleRules(kind, roleErrors);
    return kind;
}

Kind clusterRoleKind() {
    Kind kind = plainKind("rbac.authorization.k8s.io", "v1", "ClusterRole");
    addRoleRules(kind, clusterRoleErrors);
    return kind;
}

}  // namespace qd::api
