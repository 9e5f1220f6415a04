#include "app/models/deployment_summary.h"

#include <QCoreApplication>

#include "app/bridge/resources.h"
#include "app/models/pod_complaint.h"
#include "app/models/words.h"

namespace qd::models {

using views::State;

namespace {

struct Rollout {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Rollout)
};

const appsv1::DeploymentCondition* condition(const appsv1::Deployment& deployment, std::string_view type) {
    for (const appsv1::DeploymentCondition& each : deployment.status.conditions)
        if (each.type == type) return &each;
    return nullptr;
}

void tellOf(const Complaint& complaint, DeploymentSummary& summary) {
    summary.state = complaint.pod.state;
    summary.word = complaint.pod.word;
    //: What is wrong with a Deployment: how many of its Pods, and what one of them suffers from.
    summary.trouble.what =
        Rollout::tr("%1 of %n Pods: %2", nullptr, complaint.of).arg(complaint.count).arg(complaint.pod.why);
    summary.trouble.remedy = complaint.pod.remedy;
}

void tellOfDeadline(const appsv1::Deployment& deployment, DeploymentSummary& summary) {
    const QString deadline = lengthText(std::chrono::seconds(deployment.spec.progressDeadlineSeconds.value_or(600)));
    summary.state = State::Failed;
    if (summary.trouble.what.isEmpty()) {
        //: State of a Deployment whose roll-out has made no progress within its deadline.
        summary.word = Rollout::tr("Stuck");
        summary.trouble.what = Rollout::tr("no progress within its deadline of %1").arg(deadline);
        summary.trouble.remedy = Rollout::tr(
            "Its Pods run and do not become ready: see their log and their readiness probe. Undo goes back "
            "to the revision before.");
        return;
    }
    //: What is wrong with a Deployment, when its roll-out has also made no progress within its deadline.
    summary.trouble.what = Rollout::tr("no progress within its deadline of %1: %2").arg(deadline, summary.trouble.what);
    summary.trouble.remedy += u' ' + Rollout::tr("Undo goes back to the revision before.");
}

}  // namespace

int desiredReplicas(const appsv1::Deployment& deployment) {
    return deployment.spec.replicas.value_or(1);
}

bool isComplete(const appsv1::Deployment& deployment) {
    const auto& status = deployment.status;
    const int desired = desiredReplicas(deployment);
    return status.observedGeneration >= deployment.metadata.generation && status.updatedReplicas == desired &&
           status.replicas == desired && status.availableReplicas == desired;
}

const appsv1::ReplicaSet* currentReplicaSet(const appsv1::Deployment& deployment,
                                            const std::vector<const appsv1::ReplicaSet*>& owned) {
    for (const appsv1::ReplicaSet* set : owned) {
        corev1::PodTemplateSpec bare = set->spec.template_;
        const auto hash = bare.metadata.labels.find("pod-template-hash");
        if (hash != bare.metadata.labels.end()) bare.metadata.labels.erase(hash);
        if (bare == deployment.spec.template_) return set;
    }
    return nullptr;
}

DeploymentSummary summarize(const appsv1::Deployment& deployment, const std::vector<const corev1::Pod*>& newest,
                            base::WallTime now) {
    const auto& status = deployment.status;
    const int desired = desiredReplicas(deployment);
    DeploymentSummary summary;
    summary.headline = Rollout::tr("%1 of %2 updated · %3 available · %4 running")
                           .arg(status.updatedReplicas)
                           .arg(desired)
                           .arg(status.availableReplicas)
                           .arg(status.replicas);
    const appsv1::DeploymentCondition* progressing = condition(deployment, "Progressing");
    const appsv1::DeploymentCondition* failure = condition(deployment, "ReplicaFailure");
    if (deployment.metadata.deletionTimestamp) {
        summary.state = State::Leaving;
        summary.word = views::wordFor(State::Leaving);
    } else if (failure && failure->status == metav1::ConditionTrue) {
        summary.state = State::Failed;
        //: State of a Deployment whose Pods cannot be made.
        summary.word = Rollout::tr("Cannot make Pods");
        summary.trouble = {
            toQString(failure->message),
            Rollout::tr("Change what the message names: a quota or limit of the namespace, a rule of its "
                        "security, or the Pod's template.")};
    } else if (deployment.spec.paused) {
        summary.state = State::Unknown;
        //: State of a Deployment that was paused.
        summary.word = Rollout::tr("Paused");
    } else if (!isComplete(deployment)) {
        summary.state = State::Starting;
        //: State of a Deployment whose revisions are being exchanged or that is scaling.
        summary.word = Rollout::tr("Rolling out");
        if (const Complaint complaint = worstOf(newest, now); complaint.count > 0) tellOf(complaint, summary);
        if (progressing && progressing->reason == "ProgressDeadlineExceeded") tellOfDeadline(deployment, summary);
    } else if (desired == 0) {
        summary.state = State::Done;
        //: State of a Deployment with zero replicas.
        summary.word = Rollout::tr("Scaled to zero");
    } else {
        summary.state = State::Ready;
        summary.word = views::wordFor(State::Ready);
        summary.headline = Rollout::tr("%n available, all of this revision", nullptr, status.availableReplicas);
    }
    return summary;
}

DeploymentSummary summarize(Inventory& inventory, const appsv1::Deployment& deployment, base::WallTime now) {
    if (isComplete(deployment)) return summarize(deployment, {}, now);
    const std::vector<api::ObjectPtr> owned = inventory.objects(bridge::kReplicaSets).ownedBy(deployment.metadata.uid);
    std::vector<const appsv1::ReplicaSet*> sets;
    for (const api::ObjectPtr& set : owned) sets.push_back(api::objectAs<appsv1::ReplicaSet>(*set));
    const appsv1::ReplicaSet* current = currentReplicaSet(deployment, sets);
    if (!current) return summarize(deployment, {}, now);
    const std::vector<api::ObjectPtr> pods = inventory.objects(bridge::kPods).ownedBy(current->metadata.uid);
    std::vector<const corev1::Pod*> newest;
    for (const api::ObjectPtr& pod : pods) newest.push_back(api::objectAs<corev1::Pod>(*pod));
    return summarize(deployment, newest, now);
}

}  // namespace qd::models
