// Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/.
#include "cluster/api/compare.h"
#include "cluster/api/kinds/apps/kinds.h"
#include "cluster/api/kinds/apps/workload.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/apps_v1.h"

namespace qd::api {
namespace {

using appsv1::ReplicaSet;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
const field::Path kStatus("status");

field::Errors specErrors(const appsv1::ReplicaSetSpec& spec) {
    field::Errors errors = validateNonNegative(spec.replicas.value_or(0), kSpec.child("replicas"));
    field::append(errors, validateNonNegative(spec.minReadySeconds, kSpec.child("minReadySeconds")));
    const metav1::LabelSelector* selector = spec.selector.get();
    field::append(errors, workloadSelectorErrors(selector, kSpec.child("selector")));
    field::append(errors, selectedTemplateErrors(spec.template_, selector, "ReplicaSet", kSpec));
    return errors;
}

field::Errors createErrors(const Object& object) {
    field::Errors errors = validateObjectMeta(object.metadata, true, nullptr, kMetadata);
    field::append(errors, specErrors(as<ReplicaSet>(object).spec));
    return errors;
}

field::Errors updateErrors(const Object& now, const Object& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    const auto& spec = as<ReplicaSet>(now).spec;
    field::append(errors, specErrors(spec));
    if (spec.selector != as<ReplicaSet>(old).spec.selector)
        errors.push_back(immutable(kSpec.child("selector"), shownPointer(spec.selector.get())));
    return errors;
}

field::Errors statusErrors(const Object& nowObject, const Object& oldObject) {
    field::Errors errors = validateObjectMetaUpdate(nowObject.metadata, oldObject.metadata, kMetadata);
    const auto& now = as<ReplicaSet>(nowObject).status;
    const auto count = [&](std::int64_t value, const char* name) {
        field::append(errors, validateNonNegative(value, kStatus.child(name)));
    };
    count(now.replicas, "replicas");
    count(now.fullyLabeledReplicas, "fullyLabeledReplicas");
    count(now.readyReplicas, "readyReplicas");
    count(now.availableReplicas, "availableReplicas");
    count(now.observedGeneration, "observedGeneration");
    if (now.terminatingReplicas) count(*now.terminatingReplicas, "terminatingReplicas");
    field::append(errors,
                  atMostReplicasErrors(now.fullyLabeledReplicas, now.replicas, kStatus.child("fullyLabeledReplicas")));
    field::append(errors, replicaCountsErrors({now.replicas, now.readyReplicas, now.availableReplicas}, kStatus));
    return errors;
}

std::vector<std::string> templateWarnings(const Object& now, const Object* old) {
    return writtenTemplateWarnings(now, old, as<ReplicaSet>(now).spec.template_, kSpec.child("template"));
}

}  // namespace

Kind replicaSetKind() {
    Kind kind = plainKind("apps", "v1", "ReplicaSet");
    kind.shortNames = {"rs"};
    kind.categories = {"all"};
    addScale(kind);
    addStatus(kind);
    kind.defaults = [](Object& object) {
        auto& spec = as<ReplicaSet>(object).spec;
        setPodTemplateDefaults(spec.template_);
        if (!spec.replicas) spec.replicas = 1;
    };
    kind.prepareForCreate = [](Object& object) {
        as<ReplicaSet>(object).status = {};
        dropUnsupportedFields(as<ReplicaSet>(object).spec.template_.spec);
    };
    kind.update.prepare = [](Object& now, const Object& old) {
        as<ReplicaSet>(now).status = as<ReplicaSet>(old).status;
        dropUnsupportedFields(as<ReplicaSet>(now).spec.template_.spec);
    };
    countGenerations(kind);
    validateCreate(kind, createErrors);
    validateUpdate(kind, updateErrors);
    validateSubresource(kind, "status", statusErrors);
    kind.update.warnings = templateWarnings;
    kind.warnings = [](const Object& now, const Object*) {
        auto warnings = podNameWarnings(now.metadata.name);
        for (auto& warning : templateWarnings(now, nullptr)) warnings.push_back(std::move(warning));
        return warnings;
    };
    using Status = appsv1::ReplicaSetStatus;
    kind.columns = {nameColumn(), fieldColumn<appsv1::ReplicaSetSpec>("Desired", "integer", "replicas"),
                    fieldColumn<Status>("Current", "integer", "replicas"),
                    fieldColumn<Status>("Ready", "integer", "readyReplicas"), ageColumn()};
    for (auto& column : containerColumns()) kind.columns.push_back(std::move(column));
    kind.columns.push_back(wide(fieldColumn<appsv1::ReplicaSetSpec>("Selector", "string", "selector")));
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& set = as<ReplicaSet>(object);
        const auto& containers = set.spec.template_.spec.containers;
        return {set.metadata.name,
                static_cast<std::int64_t>(set.spec.replicas.value_or(0)),
                static_cast<std::int64_t>(set.status.replicas),
                static_cast<std::int64_t>(set.status.readyReplicas),
                ageText(set.metadata.creationTimestamp, now),
                containerNames(containers),
                containerImages(containers),
                selectorText(set.spec.selector.get())};
    };
    return kind;
}

}  // namespace qd::api
