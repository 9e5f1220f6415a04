// Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/.
#include <fmt/format.h>

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

using appsv1::Deployment;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
const field::Path kStatus("status");

void setDefaults(Object& object) {
    auto& spec = as<Deployment>(object).spec;
    setPodTemplateDefaults(spec.template_);
    if (!spec.replicas) spec.replicas = 1;
    if (spec.strategy.type.empty()) spec.strategy.type = "RollingUpdate";
    if (spec.strategy.type == "RollingUpdate") {
        if (!spec.strategy.rollingUpdate) spec.strategy.rollingUpdate.emplace();
        if (!spec.strategy.rollingUpdate->maxUnavailable) spec.strategy.rollingUpdate->maxUnavailable = "25%";
        if (!spec.strategy.rollingUpdate->maxSurge) spec.strategy.rollingUpdate->maxSurge = "25%";
    }
    if (!spec.revisionHistoryLimit) spec.revisionHistoryLimit = 10;
    if (!spec.progressDeadlineSeconds) spec.progressDeadlineSeconds = 600;
}

field::Errors rollingErrors(const appsv1::RollingUpdateDeployment& rolling, const field::Path& path) {
    const IntOrString unavailable = rolling.maxUnavailable.value_or(IntOrString());
    const IntOrString surge = rolling.maxSurge.value_or(IntOrString());
    field::Errors errors = intOrPercentErrors(unavailable, path.child("maxUnavailable"));
    field::append(errors, intOrPercentErrors(surge, path.child("maxSurge")));
    if (intOrPercentValue(unavailable) == 0 && intOrPercentValue(surge) == 0) {
        errors.push_back(field::invalid(path.child("maxUnavailable"), shownIntOrString(unavailable),
                                        "may not be 0 when `maxSurge` is 0"));
    }
    field::append(errors, atMostHundredPercentErrors(unavailable, path.child("maxUnavailable")));
    return errors;
}

field::Errors strategyErrors(const appsv1::DeploymentStrategy& strategy, const field::Path& path) {
    if (strategy.type == "RollingUpdate") {
        if (!strategy.rollingUpdate)
            return {field::required(path.child("rollingUpdate"), "this should be defaulted and never be nil")};
        return rollingErrors(*strategy.rollingUpdate, path.child("rollingUpdate"));
    }
    if (strategy.type != "Recreate") return {field::notSupported(path, shown(strategy), {"Recreate", "RollingUpdate"})};
    if (!strategy.rollingUpdate) return {};
    return {field::forbidden(path.child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'")};
}

field::Errors specErrors(const appsv1::DeploymentSpec& spec) {
    field::Errors errors = validateNonNegative(spec.replicas.value_or(0), kSpec.child("replicas"));
    const metav1::LabelSelector* selector = spec.selector.get();
    field::append(errors, workloadSelectorErrors(selector, kSpec.child("selector")));
    field::append(errors, selectedTemplateErrors(spec.template_, selector, "ReplicaSet", kSpec));
    field::append(errors, strategyErrors(spec.strategy, kSpec.child("strategy")));
    field::append(errors, validateNonNegative(spec.minReadySeconds, kSpec.child("minReadySeconds")));
    if (spec.revisionHistoryLimit)
        field::append(errors, validateNonNegative(*spec.revisionHistoryLimit, kSpec.child("revisionHistoryLimit")));
    if (spec.progressDeadlineSeconds) {
        const field::Path path = kSpec.child("progressDeadlineSeconds");
        field::append(errors, validateNonNegative(*spec.progressDeadlineSeconds, path));
        if (*spec.progressDeadlineSeconds <= spec.minReadySeconds)
            errors.push_back(
                field::invalid(path, *spec.progressDeadlineSeconds, "must be greater than minReadySeconds"));
    }
    return errors;
}

field::Errors createErrors(const Object& object) {
    field::Errors errors = validateObjectMeta(object.metadata, true, nullptr, kMetadata);
    field::append(errors, specErrors(as<Deployment>(object).spec));
    return errors;
}

field::Errors updateErrors(const Object& now, const Object& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    const auto& spec = as<Deployment>(now).spec;
    field::append(errors, specErrors(spec));
    if (spec.selector != as<Deployment>(old).spec.selector)
        errors.push_back(immutable(kSpec.child("selector"), shownPointer(spec.selector.get())));
    return errors;
}

field::Errors statusErrors(const Object& nowObject, const Object& oldObject) {
    field::Errors errors = validateObjectMetaUpdate(nowObject.metadata, oldObject.metadata, kMetadata);
    const auto& now = as<Deployment>(nowObject).status;
    const auto& old = as<Deployment>(oldObject).status;
    const auto count = [&](std::int64_t value, const char* name) {
        field::append(errors, validateNonNegative(value, kStatus.child(name)));
    };
    count(now.observedGeneration, "observedGeneration");
    count(now.replicas, "replicas");
    count(now.updatedReplicas, "updatedReplicas");
    count(now.readyReplicas, "readyReplicas");
    count(now.availableReplicas, "availableReplicas");
    count(now.unavailableReplicas, "unavailableReplicas");
    if (now.terminatingReplicas) count(*now.terminatingReplicas, "terminatingReplicas");
    if (now.collisionCount) count(*now.collisionCount, "collisionCount");
    field::append(errors, atMostReplicasErrors(now.updatedReplicas, now.replicas, kStatus.child("updatedReplicas")));
    field::append(errors, replicaCountsErrors({now.replicas, now.readyReplicas, now.availableReplicas}, kStatus));
    field::append(errors,
                  collisionCountErrors(now.collisionCount, old.collisionCount, kStatus.child("collisionCount")));
    return errors;
}

// Annotations count too: they are copied to the ReplicaSets.
void prepareForUpdate(Object& nowObject, const Object& oldObject) {
    auto& now = as<Deployment>(nowObject);
    const auto& old = as<Deployment>(oldObject);
    now.status = old.status;
    dropUnsupportedFields(now.spec.template_.spec);
    const bool changed = !equal(appsv1::DeploymentSpec::kDescriptor, &now.spec, &old.spec) ||
                         now.metadata.annotations != old.metadata.annotations;
    now.metadata.generation = old.metadata.generation + (changed ? 1 : 0);
}

std::vector<std::string> templateWarnings(const Object& now, const Object* old) {
    return writtenTemplateWarnings(now, old, as<Deployment>(now).spec.template_, kSpec.child("template"));
}

}  // namespace

Kind deploymentKind() {
    Kind kind = plainKind("apps", "v1", "Deployment");
    kind.shortNames = {"deploy"};
    kind.categories = {"all"};
    addScale(kind);
    addStatus(kind);
    kind.defaults = setDefaults;
    kind.prepareForCreate = [](Object& object) {
        as<Deployment>(object).status = {};
        object.metadata.generation = 1;
        dropUnsupportedFields(as<Deployment>(object).spec.template_.spec);
    };
    kind.update.prepare = prepareForUpdate;
    kind.subresourceUpdates["status"].prepare = [](Object& now, const Object& old) {
        as<Deployment>(now).spec = as<Deployment>(old).spec;
        now.metadata.labels = old.metadata.labels;
    };
    kind.subresourceUpdates["status"].resetFields = {"spec", "metadata.labels"};
    validateCreate(kind, createErrors);
    validateUpdate(kind, updateErrors);
    validateSubresource(kind, "status", statusErrors);
    kind.update.warnings = templateWarnings;
    kind.warnings = [](const Object& now, const Object*) {
        auto warnings = podNameWarnings(now.metadata.name);
        for (auto& warning : templateWarnings(now, nullptr)) warnings.push_back(std::move(warning));
        return warnings;
    };
    using Status = appsv1::DeploymentStatus;
    kind.columns = {nameColumn(), textColumn("Ready", "Number of the pod with ready state"),
                    fieldColumn<Status>("Up-to-date", "string", "updatedReplicas"),
                    fieldColumn<Status>("Available", "string", "availableReplicas"), ageColumn()};
    for (auto& column : containerColumns()) kind.columns.push_back(std::move(column));
    kind.columns.push_back(wide(fieldColumn<appsv1::DeploymentSpec>("Selector", "string", "selector")));
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& deployment = as<Deployment>(object);
        const auto& containers = deployment.spec.template_.spec.containers;
        const auto selector =
            deployment.spec.selector ? LabelSelector::from(*deployment.spec.selector) : LabelSelector::nothing();
        return {deployment.metadata.name,
                fmt::format("{}/{}", deployment.status.readyReplicas, deployment.spec.replicas.value_or(0)),
                static_cast<std::int64_t>(deployment.status.updatedReplicas),
                static_cast<std::int64_t>(deployment.status.availableReplicas),
                ageText(deployment.metadata.creationTimestamp, now),
                containerNames(containers),
                containerImages(containers),
                selector ? selector->toString() : "<invalid>"};
    };
    return kind;
}

}  // namespace qd::api
