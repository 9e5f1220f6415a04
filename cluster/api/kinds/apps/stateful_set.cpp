// Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/compare.h"
#include "cluster/api/kinds/apps/kinds.h"
#include "cluster/api/kinds/apps/workload.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/core/pod_warnings.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/types/apps_v1.h"

namespace qd::api {
namespace {

using appsv1::StatefulSet;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
const field::Path kStatus("status");
constexpr char kOnlyThese[] =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', "
    "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

void setDefaults(Object& object) {
    auto& spec = as<StatefulSet>(object).spec;
    setPodTemplateDefaults(spec.template_);
    for (auto& claim : spec.volumeClaimTemplates) {
        setClaimSpecDefaults(claim.spec);
        if (claim.status.phase.empty()) claim.status.phase = "Pending";
    }
    if (spec.podManagementPolicy.empty()) spec.podManagementPolicy = "OrderedReady";
    auto& strategy = spec.updateStrategy;
    if (strategy.type.empty()) {
        strategy.type = "RollingUpdate";
        if (!strategy.rollingUpdate) strategy.rollingUpdate.emplace();
    }
    if (strategy.type == "RollingUpdate" && strategy.rollingUpdate && !strategy.rollingUpdate->partition)
        strategy.rollingUpdate->partition = 0;
    auto& retention = spec.persistentVolumeClaimRetentionPolicy;
    if (!retention) retention.emplace();
    if (retention->whenDeleted.empty()) retention->whenDeleted = "Retain";
    if (retention->whenScaled.empty()) retention->whenScaled = "Retain";
    if (!spec.replicas) spec.replicas = 1;
    if (!spec.revisionHistoryLimit) spec.revisionHistoryLimit = 10;
}

// Updating several Pods at once is switched off.
void dropUnsupported(StatefulSet& set) {
    if (set.spec.updateStrategy.rollingUpdate) set.spec.updateStrategy.rollingUpdate->maxUnavailable.reset();
    dropUnsupportedFields(set.spec.template_.spec);
}

field::Errors rollingErrors(const appsv1::RollingUpdateStatefulSetStrategy& rolling, const field::Path& path) {
    field::Errors errors = validateNonNegative(rolling.partition.value_or(0), path.child("partition"));
    if (!rolling.maxUnavailable) return errors;
    const field::Path unavailable = path.child("maxUnavailable");
    field::append(errors, intOrPercentErrors(*rolling.maxUnavailable, unavailable));
    if (intOrPercentValue(*rolling.maxUnavailable) == 0)
        errors.push_back(field::invalid(unavailable, shownIntOrString(*rolling.maxUnavailable), "cannot be 0"));
    field::append(errors, atMostHundredPercentErrors(*rolling.maxUnavailable, unavailable));
    return errors;
}

field::Errors strategyErrors(appsv1::StatefulSetUpdateStrategy strategy, const field::Path& path) {
    // Internally a partition is never absent.
    if (strategy.rollingUpdate && !strategy.rollingUpdate->partition) strategy.rollingUpdate->partition = 0;
    if (strategy.type == "RollingUpdate") {
        if (!strategy.rollingUpdate) return {};
        return rollingErrors(*strategy.rollingUpdate, path.child("rollingUpdate"));
    }
    if (strategy.type != "OnDelete")
        return {field::invalid(path, shown(strategy), "must be 'RollingUpdate' or 'OnDelete'")};
    if (!strategy.rollingUpdate) return {};
    return {field::invalid(path.child("rollingUpdate"), shown(*strategy.rollingUpdate),
                           "only allowed for updateStrategy 'RollingUpdate'")};
}

// The template as Pods will have it: a volume a claim template, which hides one of the same name. Host name and
// subdomain are the Pod's and the Service's.
corev1::PodTemplateSpec templateOfPods(const appsv1::StatefulSetSpec& spec) {
    corev1::PodTemplateSpec pod = spec.template_;
    pod.spec.hostname.clear();
    pod.spec.subdomain.clear();
    std::vector<corev1::Volume> volumes;
    const auto isListed = [&](const std::string& name) {
        return std::any_of(volumes.begin(), volumes.end(),
                           [&](const corev1::Volume& volume) { return volume.name == name; });
    };
    for (const auto& claim : spec.volumeClaimTemplates) {
        if (isListed(claim.metadata.name)) continue;
        auto& volume = volumes.emplace_back();
        volume.name = claim.metadata.name;
        volume.persistentVolumeClaim.emplace().claimName = claim.metadata.name;
    }
    const auto hides = [&, claims = volumes.size()](const corev1::Volume& volume) {
        return std::any_of(volumes.begin(), volumes.begin() + static_cast<std::ptrdiff_t>(claims),
                           [&](const corev1::Volume& claim) { return claim.name == volume.name; });
    };
    for (const auto& volume : spec.template_.spec.volumes) {
        if (!hides(volume)) volumes.push_back(volume);
    }
    pod.spec.volumes = std::move(volumes);
    return pod;
}

// Labels and annotations are told of twice where the whole template is looked at, as upstream does.
field::Errors templateErrors(const appsv1::StatefulSetSpec& spec, bool whole) {
    const auto* selector = spec.selector.get();
    if (selector && !isReadable(*selector)) return {field::invalid(kSpec.child("selector"), shown(*selector), "")};
    const field::Path path = kSpec.child("template");
    const auto pod = templateOfPods(spec);
    field::Errors errors = templateLabelsErrors(pod, selector, path);
    if (whole) field::append(errors, podTemplateErrors(pod, path));
    field::append(errors, validateLabels(pod.metadata.labels, path.child("labels")));
    field::append(errors, validateAnnotations(pod.metadata.annotations, path.child("annotations")));
    field::append(errors, podAnnotationErrors(pod.metadata.annotations, pod.spec, path.child("annotations")));
    return errors;
}

// How much of a spec is looked at: what cannot change is not held against an older object.
struct Depth {
    bool isNew = true;
    bool wholeTemplate = true;
};

field::Errors specErrors(const appsv1::StatefulSetSpec& spec, Depth depth) {
    field::Errors errors;
    if (!contains({"OrderedReady", "Parallel"}, spec.podManagementPolicy)) {
        errors.push_back(field::invalid(kSpec.child("podManagementPolicy"), spec.podManagementPolicy,
                                        "must be 'OrderedReady' or 'Parallel'"));
    }
    field::append(errors, strategyErrors(spec.updateStrategy, kSpec.child("updateStrategy")));
    if (const auto* retention = spec.persistentVolumeClaimRetentionPolicy.get()) {
        const field::Path path = kSpec.child("persistentVolumeClaimRetentionPolicy");
        field::append(errors, choiceErrors(path.child("whenDeleted"), retention->whenDeleted, {"Retain", "Delete"}));
        field::append(errors, choiceErrors(path.child("whenScaled"), retention->whenScaled, {"Retain", "Delete"}));
    }
    for (std::size_t i = 0; depth.isNew && i < spec.volumeClaimTemplates.size(); ++i) {
        field::append(errors, claimSpecErrors(spec.volumeClaimTemplates[i].spec,
                                              kSpec.child("volumeClaimTemplates").index(i).child("spec")));
    }
    field::append(errors, validateNonNegative(spec.replicas.value_or(0), kSpec.child("replicas")));
    field::append(errors, validateNonNegative(spec.minReadySeconds, kSpec.child("minReadySeconds")));
    if (spec.ordinals) field::append(errors, validateNonNegative(spec.ordinals->start, kSpec.child("ordinals.start")));
    if (depth.isNew && !spec.serviceName.empty())
        field::append(errors, labelErrors(kSpec.child("serviceName"), spec.serviceName));
    field::append(errors, workloadSelectorErrors(spec.selector.get(), kSpec.child("selector"), "statefulset"));
    field::append(errors, templateErrors(spec, depth.wholeTemplate));
    field::append(errors, alwaysRestartsErrors(spec.template_.spec, "StatefulSet", kSpec.child("template", "spec")));
    return errors;
}

field::Errors createErrors(const Object& object) {
    field::Errors errors = validateObjectMeta(object.metadata, true, nameAsLabelErrors, kMetadata);
    field::append(errors, specErrors(as<StatefulSet>(object).spec, {}));
    return errors;
}

field::Errors updateErrors(const Object& now, const Object& old) {
    const auto& spec = as<StatefulSet>(now).spec;
    const auto& before = as<StatefulSet>(old).spec;
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    // A set whose template was never looked at goes on as it is.
    const bool wasRight = specErrors(before, {.isNew = false, .wholeTemplate = true}).empty();
    field::append(errors, specErrors(spec, {.isNew = false, .wholeTemplate = wasRight}));
    auto rest = spec;
    rest.replicas = before.replicas;
    rest.template_ = before.template_;
    rest.updateStrategy = before.updateStrategy;
    rest.minReadySeconds = before.minReadySeconds;
    rest.ordinals = before.ordinals;
    rest.revisionHistoryLimit = before.revisionHistoryLimit;
    rest.persistentVolumeClaimRetentionPolicy = before.persistentVolumeClaimRetentionPolicy;
    if (!equal(appsv1::StatefulSetSpec::kDescriptor, &rest, &before))
        errors.push_back(field::forbidden(kSpec, kOnlyThese));
    return errors;
}

field::Errors statusErrors(const Object& nowObject, const Object& oldObject) {
    field::Errors errors;
    const auto& now = as<StatefulSet>(nowObject).status;
    const auto count = [&](std::int64_t value, const char* name) {
        field::append(errors, validateNonNegative(value, kStatus.child(name)));
    };
    count(now.replicas, "replicas");
    count(now.readyReplicas, "readyReplicas");
    count(now.currentReplicas, "currentReplicas");
    count(now.updatedReplicas, "updatedReplicas");
    count(now.availableReplicas, "availableReplicas");
    count(now.observedGeneration, "observedGeneration");
    if (now.collisionCount) count(*now.collisionCount, "collisionCount");
    const auto amongAll = [&](std::int32_t value, const char* name) {
        field::append(errors, atMostReplicasErrors(value, now.replicas, kStatus.child(name)));
    };
    amongAll(now.readyReplicas, "readyReplicas");
    amongAll(now.currentReplicas, "currentReplicas");
    amongAll(now.updatedReplicas, "updatedReplicas");
    amongAll(now.availableReplicas, "availableReplicas");
    if (now.availableReplicas > now.readyReplicas) {
        errors.push_back(field::invalid(kStatus.child("availableReplicas"), now.availableReplicas,
                                        "cannot be greater than status.readyReplicas"));
    }
    field::append(errors, validateObjectMetaUpdate(nowObject.metadata, oldObject.metadata, kMetadata));
    field::append(errors, collisionCountErrors(now.collisionCount, as<StatefulSet>(oldObject).status.collisionCount,
                                               kStatus.child("collisionCount")));
    return errors;
}

std::vector<std::string> warningsOf(const Object& now, const Object* old) {
    const auto& spec = as<StatefulSet>(now).spec;
    auto warnings = writtenTemplateWarnings(now, old, spec.template_, kSpec.child("template"));
    for (std::size_t i = 0; i < spec.volumeClaimTemplates.size(); ++i) {
        const field::Path path = kSpec.child("volumeClaimTemplates").index(i);
        for (auto& warning : claimWarnings(spec.volumeClaimTemplates[i].spec, old ? path.child("Spec") : path))
            warnings.push_back(std::move(warning));
    }
    if (spec.revisionHistoryLimit.value_or(0) < 0) {
        warnings.emplace_back(
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is "
            "recommended");
    }
    return warnings;
}

}  // namespace

Kind statefulSetKind() {
    Kind kind = plainKind("apps", "v1", "StatefulSet");
    kind.shortNames = {"sts"};
    kind.categories = {"all"};
    addScale(kind);
    addStatus(kind);
    kind.prepareForCreate = [](Object& object) {
        as<StatefulSet>(object).status = {};
        dropUnsupported(as<StatefulSet>(object));
    };
    kind.update.prepare = [](Object& now, const Object& old) {
        as<StatefulSet>(now).status = as<StatefulSet>(old).status;
        dropUnsupported(as<StatefulSet>(now));
    };
    countGenerations(kind);
    kind.nameErrors = nameAsLabelErrors;
    validateCreate(kind, createErrors);
    validateUpdate(kind, updateErrors);
    validateSubresource(kind, "status", statusErrors);
    kind.warnings = warningsOf;
    kind.update.warnings = warningsOf;
    kind.defaults = setDefaults;
    kind.columns = {nameColumn(), textColumn("Ready", "Number of the pod with ready state"), ageColumn()};
    for (auto& column : containerColumns()) kind.columns.push_back(std::move(column));
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& set = as<StatefulSet>(object);
        const auto& containers = set.spec.template_.spec.containers;
        return {set.metadata.name, fmt::format("{}/{}", set.status.readyReplicas, set.spec.replicas.value_or(0)),
                ageText(set.metadata.creationTimestamp, now), containerNames(containers), containerImages(containers)};
    };
    return kind;
}

}  // namespace qd::api
