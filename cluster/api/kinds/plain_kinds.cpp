// The kinds that need no rules of their own yet beyond those that all share: names, status, scale, generations.
// A kind that gets a file of its own leaves this table.
#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/plain_kinds.h"

namespace qd::api {
namespace {

enum Flags : unsigned { kStatus = 1, kScale = 2, kGenerations = 4 };

struct Row {
    std::string_view group;
    std::string_view version;
    std::string_view kind;
    std::vector<std::string> shortNames;
    std::vector<std::string> categories;
    unsigned flags;
    std::vector<std::string> verbs;  // empty: all
    std::vector<Subresource> subresources;
};

const std::vector<Row>& rows() {
    static const std::vector<Row> table = {
        {"", "v1", "Binding", {}, {}, 0, {"create"}, {}},
        {"authentication.k8s.io", "v1", "SelfSubjectReview", {}, {}, 0, {"create"}, {}},
        {"authentication.k8s.io", "v1", "TokenReview", {}, {}, 0, {"create"}, {}},
        {"authorization.k8s.io", "v1", "LocalSubjectAccessReview", {}, {}, 0, {"create"}, {}},
        {"authorization.k8s.io", "v1", "SelfSubjectAccessReview", {}, {}, 0, {"create"}, {}},
        {"authorization.k8s.io", "v1", "SelfSubjectRulesReview", {}, {}, 0, {"create"}, {}},
        {"authorization.k8s.io", "v1", "SubjectAccessReview", {}, {}, 0, {"create"}, {}},
        {"resource.k8s.io", "v1", "DeviceClass", {}, {}, 0, {}, {}},
        {"resource.k8s.io", "v1", "ResourceClaim", {}, {}, kStatus, {}, {}},
        {"resource.k8s.io", "v1", "ResourceClaimTemplate", {}, {}, 0, {}, {}},
        {"resource.k8s.io", "v1", "ResourceSlice", {}, {}, 0, {}, {}},
        {"admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy", {}, {"api-extensions"}, 0, {}, {}},
        {"admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyBinding", {}, {"api-extensions"}, 0, {}, {}},
        {"admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", {}, {"api-extensions"}, 0, {}, {}},
        {"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", {}, {"api-extensions"}, kStatus, {}, {}},
        {"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding", {}, {"api-extensions"}, 0, {}, {}},
        {"admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", {}, {"api-extensions"}, 0, {}, {}},
        {"apiextensions.k8s.io", "v1", "CustomResourceDefinition", {"crd", "crds"}, {"api-extensions"}, kStatus | kGenerations, {}, {}},
    };
    return table;
}

using Names = std::set<std::string_view>;

// "group/Kind" of those that differ from the rest.
const Names kNeedResourceVersion = {"admissionregistration.k8s.io/ValidatingAdmissionPolicy", "admissionregistration.k8s.io/MutatingAdmissionPolicy",
                                    "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding",
                                    "admissionregistration.k8s.io/ValidatingWebhookConfiguration", "admissionregistration.k8s.io/MutatingWebhookConfiguration",
                                    "apiextensions.k8s.io/CustomResourceDefinition"};
const Names kReturnDeleted = {"resource.k8s.io/ResourceClaimTemplate", "resource.k8s.io/ResourceSlice", "resource.k8s.io/ResourceClaim",
                              "resource.k8s.io/DeviceClass"};

Kind makeKind(const Row& row) {
    Kind kind = plainKind(row.group, row.version, row.kind);
    kind.shortNames = row.shortNames;
    kind.categories = row.categories;
    if (!row.verbs.empty()) kind.verbs = row.verbs;
    const std::string name = kind.group + "/" + kind.kind;
    kind.allowUnconditionalUpdate = !kNeedResourceVersion.contains(name);
    kind.returnsDeletedObject = kReturnDeleted.contains(name);
    kind.subresources = row.subresources;
    if (row.kind == "Binding" || row.kind == "LocalSubjectAccessReview") kind.namespaced = true;  // the generated tables know no clients for them
    if (row.flags & kScale) addScale(kind);
    if (row.flags & kStatus) addStatus(kind);
    if (row.flags & kGenerations) countGenerations(kind);
    return kind;
}

}  // namespace

std::vector<Kind> plainKinds() {
    std::vector<Kind> kinds;
    for (const Row& row : rows()) kinds.push_back(makeKind(row));
    return kinds;
}

}  // namespace qd::api
