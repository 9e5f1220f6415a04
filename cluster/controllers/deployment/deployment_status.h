// What a Deployment's status should say, and how far a rollout has come.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cluster/api/types/apps_v1.h"
#include "cluster/controllers/deployment/revision.h"

namespace qd::controllers {

// The reasons of the conditions Progressing and Available.
inline constexpr char kReplicaSetUpdated[] = "ReplicaSetUpdated";
inline constexpr char kReplicaSetCreateError[] = "ReplicaSetCreateError";
inline constexpr char kNewReplicaSetCreated[] = "NewReplicaSetCreated";
inline constexpr char kFoundNewReplicaSet[] = "FoundNewReplicaSet";
inline constexpr char kNewReplicaSetAvailable[] = "NewReplicaSetAvailable";
inline constexpr char kProgressDeadlineExceeded[] = "ProgressDeadlineExceeded";
inline constexpr char kDeploymentPaused[] = "DeploymentPaused";
inline constexpr char kDeploymentResumed[] = "DeploymentResumed";

const appsv1::DeploymentCondition* deploymentCondition(const appsv1::DeploymentStatus& status, std::string_view type);
appsv1::DeploymentCondition makeCondition(std::string_view type, std::string_view status, std::string_view reason, std::string message, base::WallTime now);
// Adds or replaces; one of the same status and reason stays as it is, one of the same status keeps its transition time.
void setCondition(appsv1::DeploymentStatus& status, appsv1::DeploymentCondition condition);
void removeCondition(appsv1::DeploymentStatus& status, std::string_view type);

bool hasProgressDeadline(const appsv1::Deployment& deployment);
// All Pods are new and available, and no old ones are left, according to this status.
bool isComplete(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status);

// The sets: all of them, the newest (which may be null) among them.
appsv1::DeploymentStatus deploymentStatus(const appsv1::Deployment& deployment, const ReplicaSets& all, const appsv1::ReplicaSet* newest, base::WallTime now);
// The same while a rollout may be under way: with the condition Progressing and failures of the sets.
appsv1::DeploymentStatus rolloutStatus(const appsv1::Deployment& deployment, const ReplicaSets& all, const appsv1::ReplicaSet* newest, base::WallTime now);

// The condition that says that a Deployment was paused or resumed, where it does not say so yet.
std::optional<appsv1::DeploymentCondition> pausedCondition(const appsv1::Deployment& deployment, base::WallTime now);

// When to look again whether the progress deadline has passed; nothing when there is nothing to wait for.
std::optional<base::Duration> untilProgressCheck(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status, base::WallTime now);

}  // namespace qd::controllers
