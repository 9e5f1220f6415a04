// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/.
#include <algorithm>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {
namespace {

using corev1::Namespace;

constexpr char kFinalizer[] = "kubernetes";
constexpr char kNameLabel[] = "kubernetes.io/metadata.name";
const field::Path kMetadata("metadata");

void setDefaults(Object& object) {
    auto& ns = as<Namespace>(object);
    // A name that is still to be generated is labelled once it is there.
    if (!ns.metadata.name.empty()) ns.metadata.labels[kNameLabel] = ns.metadata.name;
    if (ns.status.phase.empty()) ns.status.phase = corev1::NamespaceActive;
}

void prepareForCreate(Object& object) {
    auto& ns = as<Namespace>(object);
    ns.status = {};
    ns.status.phase = corev1::NamespaceActive;
    auto& finalizers = ns.spec.finalizers;
    if (std::find(finalizers.begin(), finalizers.end(), kFinalizer) == finalizers.end()) finalizers.emplace_back(kFinalizer);
    ns.metadata.labels[kNameLabel] = ns.metadata.name;
}

field::Errors finalizerErrors(const std::string& finalizer, const field::Path& path) {
    field::Errors errors = validateFinalizerName(finalizer, path);
    field::append(errors, validateKubeFinalizerName(finalizer, path));
    return errors;
}

field::Errors namespaceErrors(const Object& object) {
    const auto& ns = as<Namespace>(object);
    field::Errors errors = validateObjectMeta(ns.metadata, false, nameAsLabelErrors, kMetadata);
    for (const auto& finalizer : ns.spec.finalizers) field::append(errors, finalizerErrors(finalizer, field::Path("spec.finalizers")));
    return errors;
}

field::Errors updateErrors(const Object& now, const Object& old) {
    field::Errors errors = namespaceErrors(now);
    field::append(errors, validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata));
    return errors;
}

field::Errors statusErrors(const Object& nowObject, const Object& old) {
    const auto& now = as<Namespace>(nowObject);
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    const bool leaving = now.metadata.deletionTimestamp.has_value();
    const field::Path path("status.Phase");
    if (!leaving && now.status.phase != corev1::NamespaceActive) {
        errors.push_back(field::invalid(path, now.status.phase, "may only be 'Active' if `deletionTimestamp` is empty"));
    }
    if (leaving && now.status.phase != corev1::NamespaceTerminating) {
        errors.push_back(field::invalid(path, now.status.phase, "may only be 'Terminating' if `deletionTimestamp` is not empty"));
    }
    return errors;
}

field::Errors finalizeErrors(const Object& nowObject, const Object& old) {
    const auto& now = as<Namespace>(nowObject);
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    for (std::size_t i = 0; i < now.spec.finalizers.size(); ++i) {
        field::append(errors, finalizerErrors(now.spec.finalizers[i], field::Path("spec.finalizers").index(i)));
    }
    return errors;
}

}  // namespace

Kind namespaceKind() {
    Kind kind = plainKind("", "v1", "Namespace");
    kind.shortNames = {"ns"};
    kind.verbs = {"create", "delete", "get", "list", "patch", "update", "watch"};
    kind.subresources = {{.name = "finalize", .kind = "Namespace", .verbs = {"update"}}};
    addStatus(kind);
    kind.nameErrors = nameAsLabelErrors;
    kind.defaults = setDefaults;
    kind.prepareForCreate = prepareForCreate;
    kind.update.prepare = [](Object& now, const Object& old) {
        as<Namespace>(now).spec.finalizers = as<Namespace>(old).spec.finalizers;
        as<Namespace>(now).status = as<Namespace>(old).status;
    };
    validateCreate(kind, namespaceErrors);
    validateUpdate(kind, updateErrors);
    validateSubresource(kind, "status", statusErrors);
    kind.subresourceUpdates["finalize"].prepare = [](Object& now, const Object& old) { as<Namespace>(now).status = as<Namespace>(old).status; };
    kind.subresourceUpdates["finalize"].resetFields = {"status"};
    validateSubresource(kind, "finalize", finalizeErrors);
    kind.returnsDeletedObject = true;
    kind.mayBeRemoved = [](const Object& object) { return as<Namespace>(object).spec.finalizers.empty(); };
    kind.onLeaving = [](Object& object) { as<Namespace>(object).status.phase = corev1::NamespaceTerminating; };
    // "name" is an old spelling of metadata.name.
    kind.selectableFieldNames = {"name", "status.phase"};
    kind.selectableFields = [](const Object& object) -> std::map<std::string, std::string> {
        return {{"name", object.metadata.name}, {"status.phase", as<Namespace>(object).status.phase}};
    };
    kind.columns = {nameColumn(), textColumn("Status", "The status of the namespace"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        return {object.metadata.name, as<Namespace>(object).status.phase, ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
