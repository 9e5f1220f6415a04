// How a Deployment is, in a word and a line, and what is wrong with it: the roll-out's pill, the list of Deployments,
// its details and its story say the same. Pure.
#pragma once

#include <vector>

#include "app/models/live_objects.h"
#include "app/models/pod_trouble.h"
#include "app/views/state.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::models {

struct DeploymentSummary {
    views::State state = views::State::Unknown;
    QString word;      // "Ready", "Rolling out"; the Pods' reason when they cannot run: "CrashLoopBackOff"
    QString headline;  // "8 of 10 updated · 9 available · 11 running"
    Trouble trouble;   // empty when nothing is wrong

    // The trouble if there is any, otherwise the headline.
    const QString& line() const { return trouble.what.isEmpty() ? headline : trouble.what; }
};

// `newest` are the Pods of the ReplicaSet that has the present template: they are what a roll-out waits for.
DeploymentSummary summarize(const appsv1::Deployment& deployment, const std::vector<const corev1::Pod*>& newest,
                            base::WallTime now);
// The same, with the Pods that are known.
DeploymentSummary summarize(Inventory& inventory, const appsv1::Deployment& deployment, base::WallTime now);

int desiredReplicas(const appsv1::Deployment& deployment);
// As `kubectl rollout status` has it: every replica is of the present template and available.
bool isComplete(const appsv1::Deployment& deployment);

// The ReplicaSet that has the Deployment's present template; null while the controller has not made it.
const appsv1::ReplicaSet* currentReplicaSet(const appsv1::Deployment& deployment,
                                            const std::vector<const appsv1::ReplicaSet*>& owned);

}  // namespace qd::models
