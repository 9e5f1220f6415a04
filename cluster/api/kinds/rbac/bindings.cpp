// RoleBindings and ClusterRoleBindings. Source:
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#rolebinding-and-clusterrolebinding.
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/kinds/rbac/kinds.h"
#include "cluster/api/types/rbac_v1.h"

namespace qd::api {
namespace {

constexpr char kGroup[] = "rbac.authorization.k8s.io";
const field::Path kMetadata("metadata");

field::Errors subjectErrors(const rbacv1::Subject& subject, bool namespaced, const field::Path& path) {
    field::Errors errors;
    if (subject.name.empty()) errors.push_back(field::required(path.child("name")));
    if (subject.kind == "ServiceAccount") {
        if (!subject.name.empty()) field::append(errors, subdomainErrors(path.child("name"), subject.name));
        if (!subject.apiGroup.empty()) errors.push_back(field::notSupported(path.child("apiGroup"), subject.apiGroup, {""}));
        if (!namespaced && subject.namespace_.empty()) errors.push_back(field::required(path.child("namespace")));
    } else if (subject.kind == "User" || subject.kind == "Group") {
        field::append(errors, choiceErrors(path.child("apiGroup"), subject.apiGroup, {kGroup}));
    } else {
        errors.push_back(field::notSupported(path.child("kind"), subject.kind, {"ServiceAccount", "User", "Group"}));
    }
    return errors;
}

template <typename Binding>
field::Errors bindingErrors(const Object& object) {
    const auto& binding = as<Binding>(object);
    constexpr bool kNamespaced = std::is_same_v<Binding, rbacv1::RoleBinding>;
    const field::Path role("roleRef");
    field::Errors errors = validateObjectMeta(binding.metadata, kNamespaced, nameAsPathSegmentErrors, kMetadata);
    field::append(errors, choiceErrors(role.child("apiGroup"), binding.roleRef.apiGroup, {kGroup}));
    if (kNamespaced) {
        field::append(errors, choiceErrors(role.child("kind"), binding.roleRef.kind, {"Role", "ClusterRole"}));
    } else {
        field::append(errors, choiceErrors(role.child("kind"), binding.roleRef.kind, {"ClusterRole"}));
    }
    if (binding.roleRef.name.empty()) {
        errors.push_back(field::required(role.child("name")));
    } else {
        field::append(errors, complaintErrors(role.child("name"), binding.roleRef.name, pathSegmentErrors(binding.roleRef.name, false)));
    }
    for (std::size_t i = 0; i < binding.subjects.size(); ++i) field::append(errors, subjectErrors(binding.subjects[i], kNamespaced, field::Path("subjects").index(i)));
    return errors;
}

template <typename Binding>
field::Errors updateErrors(const Object& now, const Object& old) {
    field::Errors errors = bindingErrors<Binding>(now);
    field::append(errors, validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata));
    const auto& role = as<Binding>(now).roleRef;
    if (!(role == as<Binding>(old).roleRef)) errors.push_back(field::invalid(field::Path("roleRef"), shown(role), "cannot change roleRef"));
    return errors;
}

std::string subjectsText(const std::vector<rbacv1::Subject>& subjects, std::string_view kind) {
    std::vector<std::string> names;
    for (const auto& subject : subjects) {
        if (subject.kind != kind) continue;
        names.push_back(kind == "ServiceAccount" && !subject.namespace_.empty() ? subject.namespace_ + "/" + subject.name : subject.name);
    }
    return joined(names, ", ");
}

template <typename Binding>
Kind bindingKind(const char* name, const std::string& whose) {
    Kind kind = plainKind(kGroup, "v1", name);
    kind.allowCreateOnUpdate = true;
    kind.nameErrors = nameAsPathSegmentErrors;
    kind.defaults = [](Object& object) {
        auto& binding = as<Binding>(object);
        if (binding.roleRef.apiGroup.empty()) binding.roleRef.apiGroup = kGroup;
        for (auto& subject : binding.subjects) {
            if (subject.apiGroup.empty() && (subject.kind == "User" || subject.kind == "Group")) subject.apiGroup = kGroup;
        }
    };
    validateCreate(kind, bindingErrors<Binding>);
    validateUpdate(kind, updateErrors<Binding>);
    kind.columns = {nameColumn(),
                    fieldColumn<Binding>("Role", "string", "roleRef"),
                    ageColumn(),
                    wide(textColumn("Users", "Users in the " + whose)),
                    wide(textColumn("Groups", "Groups in the " + whose)),
                    wide(textColumn("ServiceAccounts", "ServiceAccounts in the " + whose))};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& binding = as<Binding>(object);
        return {binding.metadata.name,
                binding.roleRef.kind + "/" + binding.roleRef.name,
                ageText(binding.metadata.creationTimestamp, now),
                subjectsText(binding.subjects, "User"),
                subjectsText(binding.subjects, "Group"),
                subjectsText(binding.subjects, "ServiceAccount")};
    };
    return kind;
}

}  // namespace

Kind roleBindingKind() { return bindingKind<rbacv1::RoleBinding>("RoleBinding", "roleBinding"); }
Kind clusterRoleBindingKind() { return bindingKind<rbacv1::ClusterRoleBinding>("ClusterRoleBinding", "clusterRoleBinding"); }

}  // namespace qd::api
