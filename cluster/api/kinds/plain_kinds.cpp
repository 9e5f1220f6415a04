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
        {"", "v1", "ComponentStatus", {"cs"}, {}, 0, {"get", "list"}, {}},
        {"", "v1", "LimitRange", {"limits"}, {}, 0, {}, {}},
        {"", "v1", "PersistentVolumeClaim", {"pvc"}, {}, kStatus, {}, {}},
        {"", "v1", "PersistentVolume", {"pv"}, {}, kStatus, {}, {}},
        {"", "v1", "PodTemplate", {}, {}, 0, {}, {}},
        {"", "v1", "ResourceQuota", {"quota"}, {}, kStatus, {}, {}},
        {"apps", "v1", "ControllerRevision", {}, {}, 0, {}, {}},
        {"authentication.k8s.io", "v1", "SelfSubjectReview", {}, {}, 0, {"create"}, {}},
        {"authentication.k8s.io", "v1", "TokenReview", {}, {}, 0, {"create"}, {}},
        {"authorization.k8s.io", "v1", "LocalSubjectAccessReview", {}, {}, 0, {"create"}, {}},
        {"authorization.k8s.io", "v1", "SelfSubjectAccessReview", {}, {}, 0, {"create"}, {}},
        {"authorization.k8s.io", "v1", "SelfSubjectRulesReview", {}, {}, 0, {"create"}, {}},
        {"authorization.k8s.io", "v1", "SubjectAccessReview", {}, {}, 0, {"create"}, {}},
        {"autoscaling", "v1", "HorizontalPodAutoscaler", {"hpa"}, {"all"}, kStatus, {}, {}},
        {"certificates.k8s.io", "v1", "CertificateSigningRequest", {"csr"}, {}, kStatus, {}, {{"approval", "", "", "CertificateSigningRequest", {"get", "patch", "update"}}}},
        {"flowcontrol.apiserver.k8s.io", "v1", "FlowSchema", {}, {}, kStatus | kGenerations, {}, {}},
        {"flowcontrol.apiserver.k8s.io", "v1", "PriorityLevelConfiguration", {}, {}, kStatus | kGenerations, {}, {}},
        {"networking.k8s.io", "v1", "IngressClass", {}, {}, 0, {}, {}},
        {"networking.k8s.io", "v1", "Ingress", {"ing"}, {}, kStatus | kGenerations, {}, {}},
        {"networking.k8s.io", "v1", "IPAddress", {"ip"}, {}, 0, {}, {}},
        {"networking.k8s.io", "v1", "NetworkPolicy", {"netpol"}, {}, kGenerations, {}, {}},
        {"networking.k8s.io", "v1", "ServiceCIDR", {}, {}, kStatus, {}, {}},
        {"node.k8s.io", "v1", "RuntimeClass", {}, {}, kGenerations, {}, {}},
        {"policy", "v1", "PodDisruptionBudget", {"pdb"}, {}, kStatus | kGenerations, {}, {}},
        {"resource.k8s.io", "v1", "DeviceClass", {}, {}, 0, {}, {}},
        {"resource.k8s.io", "v1", "ResourceClaim", {}, {}, kStatus, {}, {}},
        {"resource.k8s.io", "v1", "ResourceClaimTemplate", {}, {}, 0, {}, {}},
        {"resource.k8s.io", "v1", "ResourceSlice", {}, {}, 0, {}, {}},
        {"scheduling.k8s.io", "v1", "PriorityClass", {"pc"}, {}, kGenerations, {}, {}},
        {"storage.k8s.io", "v1", "CSIDriver", {}, {}, 0, {}, {}},
        {"storage.k8s.io", "v1", "CSINode", {}, {}, 0, {}, {}},
        {"storage.k8s.io", "v1", "CSIStorageCapacity", {}, {}, 0, {}, {}},
        {"storage.k8s.io", "v1", "StorageClass", {"sc"}, {}, 0, {}, {}},
        {"storage.k8s.io", "v1", "VolumeAttachment", {}, {}, kStatus, {}, {}},
        {"storage.k8s.io", "v1", "VolumeAttributesClass", {"vac"}, {}, 0, {}, {}},
        {"admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy", {}, {"api-extensions"}, 0, {}, {}},
        {"admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyBinding", {}, {"api-extensions"}, 0, {}, {}},
        {"admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", {}, {"api-extensions"}, 0, {}, {}},
        {"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", {}, {"api-extensions"}, kStatus, {}, {}},
        {"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding", {}, {"api-extensions"}, 0, {}, {}},
        {"admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", {}, {"api-extensions"}, 0, {}, {}},
        {"apiextensions.k8s.io", "v1", "CustomResourceDefinition", {"crd", "crds"}, {"api-extensions"}, kStatus | kGenerations, {}, {}},
        {"apiregistration.k8s.io", "v1", "APIService", {}, {"api-extensions"}, kStatus, {}, {}},
    };
    return table;
}

using Names = std::set<std::string_view>;

// "group/Kind" of those that differ from the rest.
const Names kCreatedByPut = {"node.k8s.io/RuntimeClass", "/LimitRange"};
const Names kNeedResourceVersion = {"node.k8s.io/RuntimeClass", "policy/PodDisruptionBudget", "storage.k8s.io/CSIDriver", "storage.k8s.io/CSIStorageCapacity",
                                    "storage.k8s.io/VolumeAttachment", "storage.k8s.io/CSINode",
                                    "admissionregistration.k8s.io/ValidatingAdmissionPolicy", "admissionregistration.k8s.io/MutatingAdmissionPolicy",
                                    "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding",
                                    "admissionregistration.k8s.io/ValidatingWebhookConfiguration", "admissionregistration.k8s.io/MutatingWebhookConfiguration",
                                    "apiextensions.k8s.io/CustomResourceDefinition", "apiregistration.k8s.io/APIService"};
const Names kReturnDeleted = {"/ResourceQuota", "/PersistentVolume", "/PersistentVolumeClaim", "/PodTemplate",
                              "resource.k8s.io/ResourceClaimTemplate", "resource.k8s.io/ResourceSlice", "resource.k8s.io/ResourceClaim",
                              "resource.k8s.io/DeviceClass", "storage.k8s.io/CSIDriver", "storage.k8s.io/StorageClass", "storage.k8s.io/VolumeAttachment",
                              "storage.k8s.io/CSINode", "storage.k8s.io/VolumeAttributesClass"};

Kind makeKind(const Row& row) {
    Kind kind = plainKind(row.group, row.version, row.kind);
    kind.shortNames = row.shortNames;
    kind.categories = row.categories;
    if (!row.verbs.empty()) kind.verbs = row.verbs;
    const std::string name = kind.group + "/" + kind.kind;
    kind.allowCreateOnUpdate = kCreatedByPut.contains(name);
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
