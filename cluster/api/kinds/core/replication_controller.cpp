// Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/.
#include "cluster/api/kinds/apps/workload.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"

namespace qd::api {
namespace {

using corev1::ReplicationController;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
const field::Path kStatus("status");

// Selector and labels are those of the template where nothing else is said.
void setDefaults(Object& object) {
    auto& controller = as<ReplicationController>(object);
    auto& spec = controller.spec;
    if (spec.template_) {
        setPodTemplateDefaults(*spec.template_);
        const auto& labels = spec.template_->metadata.labels;
        if (spec.selector.empty()) spec.selector = labels;
        if (controller.metadata.labels.empty()) controller.metadata.labels = labels;
    }
    if (!spec.replicas) spec.replicas = 1;
}

// Nothing is asked of a name's beginning before the whole is made.
std::vector<std::string> nameErrors(const std::string& name, bool isPrefix) {
    return isPrefix ? std::vector<std::string>() : nameAsSubdomainErrors(name, false);
}

void dropUnsupported(ReplicationController& controller) {
    if (controller.spec.template_) dropUnsupportedFields(controller.spec.template_->spec);
}

field::Errors specErrors(const corev1::ReplicationControllerSpec& spec) {
    field::Errors errors = validateNonNegative(spec.minReadySeconds, kSpec.child("minReadySeconds"));
    if (spec.selector.empty()) errors.push_back(field::required(kSpec.child("selector"), ""));
    field::append(errors, validateNonNegative(spec.replicas.value_or(0), kSpec.child("replicas")));
    if (!spec.template_) {
        errors.push_back(field::required(kSpec.child("template"), ""));
        return errors;
    }
    metav1::LabelSelector selector;
    selector.matchLabels = spec.selector;
    field::append(errors,
                  replicaTemplateErrors(*spec.template_, &selector, "ReplicationController", kSpec.child("template")));
    return errors;
}

field::Errors statusErrors(const Object& nowObject, const Object& oldObject) {
    field::Errors errors = validateObjectMetaUpdate(nowObject.metadata, oldObject.metadata, kMetadata);
    const auto& now = as<ReplicationController>(nowObject).status;
    const auto count = [&](std::int64_t value, const char* name) {
        field::append(errors, validateNonNegative(value, kStatus.child(name)));
    };
    count(now.replicas, "replicas");
    count(now.fullyLabeledReplicas, "fullyLabeledReplicas");
    count(now.readyReplicas, "readyReplicas");
    count(now.availableReplicas, "availableReplicas");
    count(now.observedGeneration, "observedGeneration");
    field::append(errors,
                  atMostReplicasErrors(now.fullyLabeledReplicas, now.replicas, kStatus.child("fullyLabeledReplicas")));
    field::append(errors, replicaCountsErrors({now.replicas, now.readyReplicas, now.availableReplicas}, kStatus));
    return errors;
}

std::vector<Cell> cells(const Object& object, base::WallTime now) {
    const auto& controller = as<ReplicationController>(object);
    const std::vector<corev1::Container> none;
    const auto& containers = controller.spec.template_ ? controller.spec.template_->spec.containers : none;
    return {controller.metadata.name,
            static_cast<std::int64_t>(controller.spec.replicas.value_or(0)),
            static_cast<std::int64_t>(controller.status.replicas),
            static_cast<std::int64_t>(controller.status.readyReplicas),
            ageText(controller.metadata.creationTimestamp, now),
            containerNames(containers),
            containerImages(containers),
            labelsText(controller.spec.selector)};
}

std::vector<std::string> templateWarnings(const Object& now, const Object* old) {
    const auto& pod = as<ReplicationController>(now).spec.template_;
    if (!pod) return {};
    return writtenTemplateWarnings(now, old, *pod, kSpec.child("template"));
}

}  // namespace

Kind replicationControllerKind() {
    Kind kind = plainKind("", "v1", "ReplicationController");
    kind.shortNames = {"rc"};
    kind.categories = {"all"};
    kind.defaultPropagation = "Orphan";
    addScale(kind);
    addStatus(kind);
    kind.defaults = setDefaults;
    kind.prepareForCreate = [](Object& object) {
        as<ReplicationController>(object).status = {};
        dropUnsupported(as<ReplicationController>(object));
    };
    kind.update.prepare = [](Object& now, const Object& old) {
        as<ReplicationController>(now).status = as<ReplicationController>(old).status;
        dropUnsupported(as<ReplicationController>(now));
    };
    countGenerations(kind);
    validateCreate(kind, [](const Object& object) {
        field::Errors errors = validateObjectMeta(object.metadata, true, nameErrors, kMetadata);
        field::append(errors, specErrors(as<ReplicationController>(object).spec));
        return errors;
    });
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
        field::append(errors, specErrors(as<ReplicationController>(now).spec));
        return errors;
    });
    validateSubresource(kind, "status", statusErrors);
    kind.update.warnings = templateWarnings;
    kind.warnings = [](const Object& now, const Object*) {
        auto warnings = podNameWarnings(now.metadata.name);
        for (auto& warning : templateWarnings(now, nullptr)) warnings.push_back(std::move(warning));
        return warnings;
    };
    kind.selectableFieldNames = {"status.replicas"};
    kind.selectableFields = [](const Object& object) -> std::map<std::string, std::string> {
        return {{"status.replicas", std::to_string(as<ReplicationController>(object).status.replicas)}};
    };
    using Spec = corev1::ReplicationControllerSpec;
    using Status = corev1::ReplicationControllerStatus;
    kind.columns = {nameColumn(), fieldColumn<Spec>("Desired", "integer", "replicas"),
                    fieldColumn<Status>("Current", "integer", "replicas"),
                    fieldColumn<Status>("Ready", "integer", "readyReplicas"), ageColumn()};
    for (auto& column : containerColumns()) kind.columns.push_back(std::move(column));
    kind.columns.push_back(wide(fieldColumn<Spec>("Selector", "string", "selector")));
    kind.cells = cells;
    return kind;
}

}  // namespace qd::api
