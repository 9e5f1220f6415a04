#include "cluster/controllers/replicaset/replicaset_status.h"

#include <algorithm>

#include "cluster/api/meta/selectors.h"
#include "cluster/controllers/pods/pod_state.h"

namespace qd::controllers {
namespace {

// One ReplicaFailure condition while creating or deleting fails; the first reason stays until it works again.
void noteFailure(appsv1::ReplicaSetStatus& status, const ReplicaObservation& observed, std::int32_t desired) {
    const auto isFailure = [](const appsv1::ReplicaSetCondition& condition) { return condition.type == appsv1::ReplicaSetReplicaFailure; };
    if (observed.failure.empty()) {
        std::erase_if(status.conditions, isFailure);
        return;
    }
    if (std::any_of(status.conditions.begin(), status.conditions.end(), isFailure)) return;
    appsv1::ReplicaSetCondition condition;
    condition.type = appsv1::ReplicaSetReplicaFailure;
    condition.status = corev1::ConditionTrue;
    const auto have = static_cast<std::int32_t>(observed.active.size());
    if (have != desired) condition.reason = have < desired ? "FailedCreate" : "FailedDelete";
    condition.message = observed.failure;
    condition.lastTransitionTime = api::Time(observed.now);
    status.conditions.push_back(std::move(condition));
}

}  // namespace

appsv1::ReplicaSetStatus replicaSetStatus(const appsv1::ReplicaSet& of, const ReplicaObservation& observed) {
    appsv1::ReplicaSetStatus status = of.status;
    const auto ofTemplate = api::LabelSelector::fromMap(of.spec.template_.metadata.labels);
    status.replicas = static_cast<std::int32_t>(observed.active.size());
    status.fullyLabeledReplicas = 0;
    status.readyReplicas = 0;
    status.availableReplicas = 0;
    for (const auto& pod : observed.active) {
        if (ofTemplate.matches(pod->metadata.labels)) ++status.fullyLabeledReplicas;
        if (isReady(*pod)) ++status.readyReplicas;
        if (isAvailable(*pod, of.spec.minReadySeconds, observed.now)) ++status.availableReplicas;
    }
    status.terminatingReplicas = observed.terminating;
    status.observedGeneration = of.metadata.generation;
    noteFailure(status, observed, of.spec.replicas.value_or(1));
    return status;
}

std::optional<base::Duration> nextAvailability(const appsv1::ReplicaSet& of, const ReplicaObservation& observed) {
    std::optional<base::Duration> soonest;
    for (const auto& pod : observed.active) {
        const auto after = availableIn(*pod, of.spec.minReadySeconds, observed.now);
        if (after && (!soonest || *after < *soonest)) soonest = after;
    }
    return soonest;
}

}  // namespace qd::controllers
