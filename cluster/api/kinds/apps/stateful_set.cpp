// Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/.
#include <fmt/format.h>

#include "cluster/api/kinds/apps/kinds.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/types/apps_v1.h"

namespace qd::api {
namespace {

using appsv1::StatefulSet;

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
    if (strategy.type == "RollingUpdate" && strategy.rollingUpdate && !strategy.rollingUpdate->partition) strategy.rollingUpdate->partition = 0;
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
    validateCreate(kind, [](const Object& object) { return validateObjectMeta(object.metadata, true, nameAsLabelErrors, field::Path("metadata")); });
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
