#include "cluster/controllers/deployment/deployment_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "cluster/controllers/deployment/rollout_plan.h"

namespace qd::controllers {
namespace {

// The sum of what the sets report; nothing while one that is looked after does not report it.
std::optional<std::int32_t> terminatingReplicas(const ReplicaSets& all) {
    std::int32_t total = 0;
    for (const auto& set : all) {
        if (set->status.terminatingReplicas) {
            total += *set->status.terminatingReplicas;
        } else if (set->status.observedGeneration != 0) {
            return std::nullopt;
        }
    }
    return total;
}

bool hasProgressed(const appsv1::DeploymentStatus& before, const appsv1::DeploymentStatus& now) {
    return now.updatedReplicas > before.updatedReplicas || now.replicas - now.updatedReplicas < before.replicas - before.updatedReplicas ||
           now.readyReplicas > before.readyReplicas || now.availableReplicas > before.availableReplicas;
}

bool hasTimedOut(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status, base::WallTime now) {
    const auto* progressing = deploymentCondition(status, appsv1::DeploymentProgressing);
    // A rollout that ended well says nothing of the next one, whose own condition is about to come.
    if (!progressing || progressing->reason == kNewReplicaSetAvailable) return false;
    if (progressing->reason == kProgressDeadlineExceeded) return true;
    return progressing->lastUpdateTime.wall() + std::chrono::seconds(*deployment.spec.progressDeadlineSeconds) < now;
}

void noteProgress(appsv1::DeploymentStatus& status, const appsv1::Deployment& deployment, const appsv1::ReplicaSet* newest, base::WallTime now) {
    const auto* before = deploymentCondition(deployment.status, appsv1::DeploymentProgressing);
    const bool wasComplete = status.replicas == status.updatedReplicas && before && before->reason == kNewReplicaSetAvailable;
    if (wasComplete) return;
    const std::string subject = newest ? fmt::format("ReplicaSet \"{}\"", newest->metadata.name) : fmt::format("Deployment \"{}\"", deployment.metadata.name);
    const auto say = [&](std::string_view value, std::string_view reason, std::string_view what) {
        return makeCondition(appsv1::DeploymentProgressing, value, reason, fmt::format("{} {}", subject, what), now);
    };
    if (isComplete(deployment, status)) {
        setCondition(status, say("True", kNewReplicaSetAvailable, "has successfully progressed."));
    } else if (hasProgressed(deployment.status, status)) {
        auto condition = say("True", kReplicaSetUpdated, "is progressing.");
        // Each sign of progress moves lastUpdateTime on, from which the deadline counts.
        if (before && before->status == "True") condition.lastTransitionTime = before->lastTransitionTime;
        removeCondition(status, appsv1::DeploymentProgressing);
        setCondition(status, std::move(condition));
    } else if (hasTimedOut(deployment, status, now)) {
        setCondition(status, say("False", kProgressDeadlineExceeded, "has timed out progressing."));
    }
}

const appsv1::ReplicaSetCondition* replicaFailure(const appsv1::ReplicaSet& set) {
    for (const auto& condition : set.status.conditions) {
        if (condition.type == appsv1::ReplicaSetReplicaFailure) return &condition;
    }
    return nullptr;
}

// A failure of the newest set speaks before those of the old ones.
void noteFailure(appsv1::DeploymentStatus& status, const ReplicaSets& all, const appsv1::ReplicaSet* newest) {
    const appsv1::ReplicaSetCondition* failure = newest ? replicaFailure(*newest) : nullptr;
    for (auto set = all.begin(); !failure && set != all.end(); ++set) failure = replicaFailure(**set);
    if (!failure) return removeCondition(status, appsv1::DeploymentReplicaFailure);
    auto condition = makeCondition(failure->type, failure->status, failure->reason, failure->message, failure->lastTransitionTime.wall());
    setCondition(status, std::move(condition));
}

}  // namespace

const appsv1::DeploymentCondition* deploymentCondition(const appsv1::DeploymentStatus& status, std::string_view type) {
    for (const auto& condition : status.conditions) {
        if (condition.type == type) return &condition;
    }
    return nullptr;
}

appsv1::DeploymentCondition makeCondition(std::string_view type, std::string_view status, std::string_view reason, std::string message, base::WallTime now) {
    appsv1::DeploymentCondition condition;
    condition.type = type;
    condition.status = status;
    condition.reason = reason;
    condition.message = std::move(message);
    condition.lastUpdateTime = api::Time(now);
    condition.lastTransitionTime = api::Time(now);
    return condition;
}

void setCondition(appsv1::DeploymentStatus& status, appsv1::DeploymentCondition condition) {
    if (const auto* current = deploymentCondition(status, condition.type); current && current->status == condition.status) {
        if (current->reason == condition.reason) return;
        condition.lastTransitionTime = current->lastTransitionTime;
    }
    removeCondition(status, condition.type);
    status.conditions.push_back(std::move(condition));
}

void removeCondition(appsv1::DeploymentStatus& status, std::string_view type) {
    std::erase_if(status.conditions, [type](const auto& condition) { return condition.type == type; });
}

bool hasProgressDeadline(const appsv1::Deployment& deployment) {
    const auto& seconds = deployment.spec.progressDeadlineSeconds;
    return seconds && *seconds != std::numeric_limits<std::int32_t>::max();
}

bool isComplete(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status) {
    const std::int32_t desired = desiredReplicas(deployment);
    return status.updatedReplicas == desired && status.replicas == desired && status.availableReplicas == desired &&
           status.observedGeneration >= deployment.metadata.generation;
}

appsv1::DeploymentStatus deploymentStatus(const appsv1::Deployment& deployment, const ReplicaSets& all, const appsv1::ReplicaSet* newest, base::WallTime now) {
    appsv1::DeploymentStatus status;
    status.observedGeneration = deployment.metadata.generation;
    status.collisionCount = deployment.status.collisionCount;
    status.conditions = deployment.status.conditions;
    std::int32_t wanted = 0;
    for (const auto& set : all) {
        wanted += sizeOf(*set);
        status.replicas += set->status.replicas;
        status.readyReplicas += set->status.readyReplicas;
        status.availableReplicas += set->status.availableReplicas;
    }
    status.updatedReplicas = newest ? newest->status.replicas : 0;
    status.unavailableReplicas = std::max(0, wanted - status.availableReplicas);
    status.terminatingReplicas = terminatingReplicas(all);

    const std::int32_t desired = desiredReplicas(deployment);
    const std::int32_t mayMiss = isRollingUpdate(deployment) && desired > 0 ? std::min(fenceposts(deployment).unavailable, desired) : 0;
    if (status.availableReplicas >= desired - mayMiss) {
        setCondition(status, makeCondition(appsv1::DeploymentAvailable, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now));
    } else {
        setCondition(status, makeCondition(appsv1::DeploymentAvailable, "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now));
    }
    return status;
}

appsv1::DeploymentStatus rolloutStatus(const appsv1::Deployment& deployment, const ReplicaSets& all, const appsv1::ReplicaSet* newest, base::WallTime now) {
    auto status = deploymentStatus(deployment, all, newest, now);
    if (hasProgressDeadline(deployment)) {
        noteProgress(status, deployment, newest, now);
    } else {
        removeCondition(status, appsv1::DeploymentProgressing);
    }
    noteFailure(status, all, newest);
    return status;
}

std::optional<appsv1::DeploymentCondition> pausedCondition(const appsv1::Deployment& deployment, base::WallTime now) {
    if (!hasProgressDeadline(deployment)) return std::nullopt;
    const auto* progressing = deploymentCondition(deployment.status, appsv1::DeploymentProgressing);
    if (progressing && progressing->reason == kProgressDeadlineExceeded) return std::nullopt;
    const bool saysPaused = progressing && progressing->reason == kDeploymentPaused;
    if (deployment.spec.paused == saysPaused) return std::nullopt;
    return deployment.spec.paused ? makeCondition(appsv1::DeploymentProgressing, "Unknown", kDeploymentPaused, "Deployment is paused", now)
                                  : makeCondition(appsv1::DeploymentProgressing, "Unknown", kDeploymentResumed, "Deployment is resumed", now);
}

std::optional<base::Duration> untilProgressCheck(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status, base::WallTime now) {
    const auto* progressing = deploymentCondition(deployment.status, appsv1::DeploymentProgressing);
    if (!hasProgressDeadline(deployment) || !progressing) return std::nullopt;
    if (isComplete(deployment, status) || progressing->reason == kProgressDeadlineExceeded) return std::nullopt;
    const base::Duration left = progressing->lastUpdateTime.wall() + std::chrono::seconds(*deployment.spec.progressDeadlineSeconds) - now;
    // A second later than the deadline, so that the check finds it passed.
    return std::max(left, base::Duration(0)) + std::chrono::seconds(1);
}

}  // namespace qd::controllers
