#include "cluster/controllers/replication/replication_kind.h"

namespace qd::controllers {
namespace {

client::Ptr<appsv1::ReplicaSet> asReplicaSet(const api::ObjectPtr& object) {
    const auto& from = static_cast<const corev1::ReplicationController&>(*object);
    appsv1::ReplicaSet set;
    set.metadata = from.metadata;
    set.spec.replicas = from.spec.replicas;
    set.spec.minReadySeconds = from.spec.minReadySeconds;
    if (!from.spec.selector.empty()) set.spec.selector.emplace().matchLabels = from.spec.selector;
    if (from.spec.template_) set.spec.template_ = *from.spec.template_;
    set.status.replicas = from.status.replicas;
    set.status.fullyLabeledReplicas = from.status.fullyLabeledReplicas;
    set.status.readyReplicas = from.status.readyReplicas;
    set.status.availableReplicas = from.status.availableReplicas;
    set.status.observedGeneration = from.status.observedGeneration;
    for (const auto& condition : from.status.conditions) {
        set.status.conditions.push_back({condition.type, condition.status, condition.lastTransitionTime, condition.reason, condition.message});
    }
    return std::make_shared<const appsv1::ReplicaSet>(std::move(set));
}

std::unique_ptr<api::Object> withStatus(const api::Object& object, const appsv1::ReplicaSetStatus& status) {
    auto copy = std::make_unique<corev1::ReplicationController>(static_cast<const corev1::ReplicationController&>(object));
    auto& to = copy->status;
    to.replicas = status.replicas;
    to.fullyLabeledReplicas = status.fullyLabeledReplicas;
    to.readyReplicas = status.readyReplicas;
    to.availableReplicas = status.availableReplicas;
    to.observedGeneration = status.observedGeneration;
    to.conditions.clear();
    for (const auto& condition : status.conditions) {
        to.conditions.push_back({condition.type, condition.status, condition.lastTransitionTime, condition.reason, condition.message});
    }
    return copy;
}

}  // namespace

ReplicaKind replicationControllerKind() {
    ReplicaKind kind;
    kind.resource = client::resourceOf<corev1::ReplicationController>();
    kind.seenAsReplicaSet = asReplicaSet;
    kind.withStatus = withStatus;
    kind.reportsTerminating = false;
    return kind;
}

}  // namespace qd::controllers
