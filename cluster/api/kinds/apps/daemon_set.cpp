// Source: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/.
#include <algorithm>
#include <cstdlib>

#include "cluster/api/compare.h"
#include "cluster/api/kinds/apps/kinds.h"
#include "cluster/api/kinds/apps/workload.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/core/pod_warnings.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/apps_v1.h"

namespace qd::api {
namespace {

using appsv1::DaemonSet;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
const field::Path kStatus("status");

// A second count that clients of apps/v1beta1 read; it lives on as an annotation.
constexpr char kTemplateGeneration[] = "deprecated.daemonset.template.generation";

void setDefaults(Object& object) {
    object.metadata.annotations.emplace(kTemplateGeneration, "0");
    auto& spec = as<DaemonSet>(object).spec;
    setPodTemplateDefaults(spec.template_);
    if (spec.updateStrategy.type.empty()) spec.updateStrategy.type = "RollingUpdate";
    if (spec.updateStrategy.type == "RollingUpdate") {
        if (!spec.updateStrategy.rollingUpdate) spec.updateStrategy.rollingUpdate.emplace();
        if (!spec.updateStrategy.rollingUpdate->maxUnavailable)
            spec.updateStrategy.rollingUpdate->maxUnavailable = IntOrString(1);
        if (!spec.updateStrategy.rollingUpdate->maxSurge) spec.updateStrategy.rollingUpdate->maxSurge = IntOrString(0);
    }
    if (!spec.revisionHistoryLimit) spec.revisionHistoryLimit = 10;
}

std::int64_t templateGeneration(const DaemonSet& set) {
    const auto found = set.metadata.annotations.find(kTemplateGeneration);
    return found == set.metadata.annotations.end() ? 0 : std::strtoll(found->second.c_str(), nullptr, 10);
}

// A client may begin the count where it likes and has no say afterwards.
void countTemplate(DaemonSet& now, const DaemonSet* old) {
    std::int64_t generation = old ? templateGeneration(*old) : std::max<std::int64_t>(templateGeneration(now), 1);
    if (old && !equal(corev1::PodTemplateSpec::kDescriptor, &now.spec.template_, &old->spec.template_)) ++generation;
    now.metadata.annotations[kTemplateGeneration] = std::to_string(generation);
}

field::Errors rollingErrors(const appsv1::RollingUpdateDaemonSet& rolling, const field::Path& path) {
    const IntOrString unavailable = rolling.maxUnavailable.value_or(IntOrString());
    const IntOrString surge = rolling.maxSurge.value_or(IntOrString());
    field::Errors errors = intOrPercentErrors(unavailable, path.child("maxUnavailable"));
    field::append(errors, intOrPercentErrors(surge, path.child("maxSurge")));
    field::append(errors, atMostHundredPercentErrors(unavailable, path.child("maxUnavailable")));
    field::append(errors, atMostHundredPercentErrors(surge, path.child("maxSurge")));
    const bool mayMiss = intOrPercentValue(unavailable) != 0;
    const bool maySurge = intOrPercentValue(surge) != 0;
    if (mayMiss && maySurge)
        errors.push_back(field::invalid(path.child("maxSurge"), shownIntOrString(surge),
                                        "may not be set when maxUnavailable is non-zero"));
    if (!mayMiss && !maySurge)
        errors.push_back(field::required(path.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"));
    return errors;
}

field::Errors strategyErrors(const appsv1::DaemonSetUpdateStrategy& strategy, const field::Path& path) {
    if (strategy.type == "OnDelete") return {};
    if (strategy.type != "RollingUpdate")
        return {field::notSupported(path, shown(strategy), {"RollingUpdate", "OnDelete"})};
    if (!strategy.rollingUpdate) return {field::required(path.child("rollingUpdate"))};
    return rollingErrors(*strategy.rollingUpdate, path.child("rollingUpdate"));
}

field::Errors specErrors(const appsv1::DaemonSetSpec& spec) {
    const auto* selector = spec.selector.get();
    const field::Path pod = kSpec.child("template");
    field::Errors errors = validateLabelSelector(selector, kSpec.child("selector"));
    if (!selector || isReadable(*selector)) field::append(errors, templateLabelsErrors(spec.template_, selector, pod));
    if (selector && selector->matchLabels.empty() && selector->matchExpressions.empty()) {
        errors.push_back(
            field::invalid(kSpec.child("selector"), shown(*selector), "empty selector is invalid for daemonset"));
    }
    field::append(errors, podTemplateErrors(spec.template_, pod));
    field::append(errors, alwaysRestartsErrors(spec.template_.spec, "DaemonSet", pod.child("spec")));
    field::append(errors, validateNonNegative(spec.minReadySeconds, kSpec.child("minReadySeconds")));
    field::append(errors, strategyErrors(spec.updateStrategy, kSpec.child("updateStrategy")));
    if (spec.revisionHistoryLimit)
        field::append(errors, validateNonNegative(*spec.revisionHistoryLimit, kSpec.child("revisionHistoryLimit")));
    return errors;
}

field::Errors createErrors(const Object& object) {
    field::Errors errors = validateObjectMeta(object.metadata, true, nullptr, kMetadata);
    field::append(errors, specErrors(as<DaemonSet>(object).spec));
    return errors;
}

field::Errors updateErrors(const Object& now, const Object& old) {
    const auto& spec = as<DaemonSet>(now).spec;
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    if (spec.selector != as<DaemonSet>(old).spec.selector)
        errors.push_back(immutable(kSpec.child("selector"), shownPointer(spec.selector.get())));
    field::append(errors, specErrors(spec));
    return errors;
}

field::Errors statusErrors(const Object& nowObject, const Object& oldObject) {
    field::Errors errors = validateObjectMetaUpdate(nowObject.metadata, oldObject.metadata, kMetadata);
    const auto& now = as<DaemonSet>(nowObject).status;
    const auto count = [&](std::int64_t value, const char* name) {
        field::append(errors, validateNonNegative(value, kStatus.child(name)));
    };
    count(now.currentNumberScheduled, "currentNumberScheduled");
    count(now.numberMisscheduled, "numberMisscheduled");
    count(now.desiredNumberScheduled, "desiredNumberScheduled");
    count(now.numberReady, "numberReady");
    count(now.observedGeneration, "observedGeneration");
    count(now.updatedNumberScheduled, "updatedNumberScheduled");
    count(now.numberAvailable, "numberAvailable");
    count(now.numberUnavailable, "numberUnavailable");
    if (now.collisionCount) count(*now.collisionCount, "collisionCount");
    field::append(errors, collisionCountErrors(now.collisionCount, as<DaemonSet>(oldObject).status.collisionCount,
                                               kStatus.child("collisionCount")));
    return errors;
}

std::vector<std::string> templateWarnings(const Object& now, const Object* old) {
    const auto& set = as<DaemonSet>(now);
    if (old && templateGeneration(set) == templateGeneration(as<DaemonSet>(*old))) return {};
    return podTemplateWarnings(set.spec.template_, kSpec.child("template"));
}

}  // namespace

Kind daemonSetKind() {
    Kind kind = plainKind("apps", "v1", "DaemonSet");
    kind.shortNames = {"ds"};
    kind.categories = {"all"};
    addStatus(kind);
    kind.prepareForCreate = [](Object& object) {
        as<DaemonSet>(object).status = {};
        dropUnsupportedFields(as<DaemonSet>(object).spec.template_.spec);
        countTemplate(as<DaemonSet>(object), nullptr);
    };
    kind.update.prepare = [](Object& now, const Object& old) {
        as<DaemonSet>(now).status = as<DaemonSet>(old).status;
        dropUnsupportedFields(as<DaemonSet>(now).spec.template_.spec);
        countTemplate(as<DaemonSet>(now), &as<DaemonSet>(old));
    };
    countGenerations(kind);
    kind.defaults = setDefaults;
    validateCreate(kind, createErrors);
    validateUpdate(kind, updateErrors);
    validateSubresource(kind, "status", statusErrors);
    kind.warnings = templateWarnings;
    kind.update.warnings = templateWarnings;
    kind.subresourceUpdates["status"].prepare = [before = kind.subresourceUpdates["status"].prepare](
                                                    Object& now, const Object& old) {
        before(now, old);
        now.metadata.annotations[kTemplateGeneration] = std::to_string(templateGeneration(as<DaemonSet>(old)));
    };
    using Status = appsv1::DaemonSetStatus;
    kind.columns = {nameColumn(),
                    fieldColumn<Status>("Desired", "integer", "desiredNumberScheduled"),
                    fieldColumn<Status>("Current", "integer", "currentNumberScheduled"),
                    fieldColumn<Status>("Ready", "integer", "numberReady"),
                    fieldColumn<Status>("Up-to-date", "integer", "updatedNumberScheduled"),
                    fieldColumn<Status>("Available", "integer", "numberAvailable"),
                    fieldColumn<corev1::PodSpec>("Node Selector", "string", "nodeSelector"),
                    ageColumn()};
    for (auto& column : containerColumns()) kind.columns.push_back(std::move(column));
    kind.columns.push_back(wide(fieldColumn<appsv1::DaemonSetSpec>("Selector", "string", "selector")));
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& set = as<DaemonSet>(object);
        const auto& pod = set.spec.template_.spec;
        return {set.metadata.name,
                static_cast<std::int64_t>(set.status.desiredNumberScheduled),
                static_cast<std::int64_t>(set.status.currentNumberScheduled),
                static_cast<std::int64_t>(set.status.numberReady),
                static_cast<std::int64_t>(set.status.updatedNumberScheduled),
                static_cast<std::int64_t>(set.status.numberAvailable),
                labelsText(pod.nodeSelector),
                ageText(set.metadata.creationTimestamp, now),
                containerNames(pod.containers),
                containerImages(pod.containers),
                selectorText(set.spec.selector.get())};
    };
    return kind;
}

}  // namespace qd::api
