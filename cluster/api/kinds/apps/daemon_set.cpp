// Source: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/.
#include <cstdlib>

#include "cluster/api/compare.h"
#include "cluster/api/kinds/apps/kinds.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/types/apps_v1.h"

namespace qd::api {
namespace {

using appsv1::DaemonSet;

void setDefaults(Object& object) {
    auto& spec = as<DaemonSet>(object).spec;
    setPodTemplateDefaults(spec.template_);
    if (spec.updateStrategy.type.empty()) spec.updateStrategy.type = "RollingUpdate";
    if (spec.updateStrategy.type == "RollingUpdate") {
        if (!spec.updateStrategy.rollingUpdate) spec.updateStrategy.rollingUpdate.emplace();
        if (!spec.updateStrategy.rollingUpdate->maxUnavailable) spec.updateStrategy.rollingUpdate->maxUnavailable = IntOrString(1);
        if (!spec.updateStrategy.rollingUpdate->maxSurge) spec.updateStrategy.rollingUpdate->maxSurge = IntOrString(0);
    }
    if (!spec.revisionHistoryLimit) spec.revisionHistoryLimit = 10;
}

// A second count that clients of apps/v1beta1 read; it lives on as an annotation.
constexpr char kTemplateGeneration[] = "deprecated.daemonset.template.generation";

void countTemplate(DaemonSet& now, const DaemonSet* old) {
    std::int64_t generation = 1;
    if (old) {
        const auto before = old->metadata.annotations.find(kTemplateGeneration);
        generation = before == old->metadata.annotations.end() ? 0 : std::strtoll(before->second.c_str(), nullptr, 10);
        if (!equal(corev1::PodTemplateSpec::kDescriptor, &now.spec.template_, &old->spec.template_)) ++generation;
    }
    now.metadata.annotations[kTemplateGeneration] = std::to_string(generation);
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
