#include "app/models/workload_state.h"

#include <QCoreApplication>
#include <QStringList>
#include <set>

#include "app/models/pod_complaint.h"
#include "app/models/words.h"

namespace qd::models {

using base::WallTime;
using views::State;

namespace {

struct Workload {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Workload)
};

constexpr int kMostOrdinals = 1000;  // a set this large is not searched for the one that it waits for

template <typename Conditions>
auto trueCondition(const Conditions& conditions, std::string_view type) -> decltype(&conditions.front()) {
    for (const auto& each : conditions)
        if (each.type == type && each.status == metav1::ConditionTrue) return &each;
    return nullptr;
}

ObjectState ready(const QString& why) {
    return {State::Ready, views::wordFor(State::Ready), why};
}

ObjectState leaving() {
    return {State::Leaving, views::wordFor(State::Leaving), Workload::tr("is being deleted, and its Pods with it")};
}

ObjectState scaledToZero() {
    //: State of a workload with zero replicas.
    return {State::Done, Workload::tr("Scaled to zero"), Workload::tr("wants no Pods")};
}

QString readyText(int ready, int wanted) {
    //: How many Pods of a workload are ready.
    return Workload::tr("%1 of %2 ready").arg(ready).arg(wanted);
}

// What its Pods suffer from is what it waits for.
void blame(ObjectState& state, const Pods& pods, WallTime now) {
    const Complaint complaint = worstOf(pods, now);
    if (complaint.count == 0) return;
    state.state = complaint.pod.state;
    state.word = complaint.pod.word;
    //: What is wrong with a workload: how many of its Pods, of how many, and what one of them suffers from.
    state.why = Workload::tr("%1 of %2 Pods: %3").arg(complaint.count).arg(complaint.of).arg(complaint.pod.why);
    state.remedy = complaint.pod.remedy;
}

template <typename Condition>
ObjectState cannotMakePods(const Condition& failure) {
    //: State of a workload whose Pods cannot be made.
    return {State::Failed, Workload::tr("Cannot make Pods"), toQString(failure.message),
            Workload::tr("Change what the message names: a quota or limit of the namespace, a rule of its security, or "
                         "the Pod's template.")};
}

// ReplicaSets and ReplicationControllers.
template <typename Replicas>
ObjectState stateOfReplicas(const Replicas& set, const Pods& pods, WallTime now) {
    const int wanted = set.spec.replicas.value_or(1);
    if (set.metadata.deletionTimestamp) return leaving();
    if (const auto* failure = trueCondition(set.status.conditions, "ReplicaFailure")) return cannotMakePods(*failure);
    if (wanted == 0 && set.status.replicas == 0) return scaledToZero();
    const QString why = readyText(set.status.readyReplicas, wanted);
    if (set.status.readyReplicas == wanted && set.status.replicas == wanted) return ready(why);
    //: State of a workload that has more Pods than it wants.
    const QString word = set.status.replicas > wanted ? Workload::tr("Scaling down") : views::wordFor(State::Starting);
    ObjectState state{State::Starting, word, why};
    blame(state, pods, now);
    return state;
}

bool isReady(const corev1::Pod& pod) {
    return !pod.metadata.deletionTimestamp && trueCondition(pod.status.conditions, "Ready");
}

// The first ordinal that is not ready; empty when all are.
QString nextOrdinal(const appsv1::StatefulSet& set, const Pods& pods) {
    std::set<std::string> readyNames;
    for (const corev1::Pod* pod : pods)
        if (isReady(*pod)) readyNames.insert(pod->metadata.name);
    const int start = set.spec.ordinals ? set.spec.ordinals->start : 0;
    const int wanted = std::min(set.spec.replicas.value_or(1), kMostOrdinals);
    for (int ordinal = start; ordinal < start + wanted; ++ordinal) {
        const std::string name = set.metadata.name + '-' + std::to_string(ordinal);
        if (!readyNames.contains(name)) return toQString(name);
    }
    return {};
}

int partitionOf(const appsv1::StatefulSet& set) {
    const auto& rolling = set.spec.updateStrategy.rollingUpdate;
    return rolling ? rolling->partition.value_or(0) : 0;
}

QString updateText(const appsv1::StatefulSet& set) {
    const auto& status = set.status;
    if (status.updateRevision.empty() || status.updateRevision == status.currentRevision) return {};
    if (set.spec.updateStrategy.type == "OnDelete")
        //: About a StatefulSet whose Pods get the new template when they are deleted by hand.
        return Workload::tr("%1 of %2 have the new revision; the others get it when you delete them")
            .arg(status.updatedReplicas)
            .arg(status.replicas);
    if (const int partition = partitionOf(set); partition > 0)
        //: About a StatefulSet: ordinals from %1 on have the new revision.
        return Workload::tr("partition %1: ordinals from %1 have the new revision").arg(partition);
    return Workload::tr("%1 of %2 have the new revision").arg(status.updatedReplicas).arg(status.replicas);
}

bool isUpdating(const appsv1::StatefulSet& set) {
    const auto& status = set.status;
    if (set.spec.updateStrategy.type == "OnDelete" || status.updateRevision == status.currentRevision) return false;
    return status.updatedReplicas < set.spec.replicas.value_or(1) - partitionOf(set);
}

template <typename Job>
QString jobProgress(const Job& job) {
    if (job.spec.completions)
        //: How far a Job is.
        return Workload::tr("%1 of %2 done").arg(job.status.succeeded).arg(*job.spec.completions);
    return Workload::tr("%1 done").arg(job.status.succeeded);
}

QString jobWhy(const batchv1::Job& job) {
    QStringList parts{jobProgress(job)};
    if (job.status.active > 0) parts << Workload::tr("%1 running").arg(job.status.active);
    if (job.status.failed > 0) parts << Workload::tr("%1 failed").arg(job.status.failed);
    return parts.join(QStringLiteral(" · "));
}

QString jobRemedy(const std::string& reason) {
    if (reason == "DeadlineExceeded")
        return Workload::tr(
            "Give it more time (activeDeadlineSeconds), or find out what it waits for in its Pods' logs.");
    if (reason == "PodFailurePolicy")
        return Workload::tr("A rule of its podFailurePolicy ended it: the message names the Pod and the rule.");
    return Workload::tr(
        "The log of a failed Pod says why. A Job does not start again: correct it, delete it, apply it.");
}

}  // namespace

ObjectState stateOf(const appsv1::StatefulSet& set, const Pods& pods, WallTime now) {
    const auto& status = set.status;
    const int wanted = set.spec.replicas.value_or(1);
    if (set.metadata.deletionTimestamp) return leaving();
    if (wanted == 0 && status.replicas == 0) return scaledToZero();
    QStringList why{readyText(status.readyReplicas, wanted)};
    const bool updating = isUpdating(set);
    const bool whole = status.readyReplicas == wanted && status.replicas == wanted && !updating &&
                       status.observedGeneration >= set.metadata.generation;
    const QString next = nextOrdinal(set, pods);
    if (!whole && !next.isEmpty())
        //: About a StatefulSet: the Pod that must become ready before it goes on.
        why << Workload::tr("waits for %1").arg(next);
    if (const QString update = updateText(set); !update.isEmpty()) why << update;
    ObjectState state = ready(why.join(QStringLiteral(" · ")));
    if (whole) return state;
    state.state = State::Starting;
    //: State of a workload whose revisions are being exchanged.
    state.word = updating                   ? Workload::tr("Rolling out")
                 : status.replicas > wanted ? Workload::tr("Scaling down")
                                            : views::wordFor(State::Starting);
    blame(state, pods, now);
    return state;
}

ObjectState stateOf(const appsv1::DaemonSet& set, const Pods& pods, WallTime now) {
    const auto& status = set.status;
    const int wanted = status.desiredNumberScheduled;
    if (set.metadata.deletionTimestamp) return leaving();
    QStringList why{Workload::tr("%1 of %2 nodes ready").arg(status.numberReady).arg(wanted)};
    if (status.numberMisscheduled > 0)
        why << Workload::tr("%1 on nodes where they should not be").arg(status.numberMisscheduled);
    const bool seen = status.observedGeneration >= set.metadata.generation;
    const bool onDelete = set.spec.updateStrategy.type == "OnDelete";
    const bool updating = status.updatedNumberScheduled < wanted;
    if (updating) why << Workload::tr("%1 have the new revision").arg(status.updatedNumberScheduled);
    ObjectState state = ready(why.join(QStringLiteral(" · ")));
    if (seen && wanted == 0) {
        //: State of a DaemonSet whose selector, affinity and tolerations fit no node.
        return {State::Done, Workload::tr("No node"),
                Workload::tr("no node fits its selector, affinity and tolerations")};
    }
    if (seen && status.numberReady == wanted && (!updating || onDelete)) return state;
    state.state = State::Starting;
    state.word = updating && status.numberReady > 0 ? Workload::tr("Rolling out") : views::wordFor(State::Starting);
    blame(state, pods, now);
    return state;
}

ObjectState stateOf(const appsv1::ReplicaSet& set, const Pods& pods, WallTime now) {
    return stateOfReplicas(set, pods, now);
}

ObjectState stateOf(const corev1::ReplicationController& controller, const Pods& pods, WallTime now) {
    return stateOfReplicas(controller, pods, now);
}

ObjectState stateOf(const batchv1::Job& job, const Pods& pods, WallTime now) {
    if (job.metadata.deletionTimestamp) return leaving();
    const auto& conditions = job.status.conditions;
    if (trueCondition(conditions, "Complete")) return {State::Done, views::wordFor(State::Done), jobWhy(job)};
    for (const char* type : {"Failed", "FailureTarget"})
        if (const auto* failed = trueCondition(conditions, type))
            return {State::Failed, views::wordFor(State::Failed),
                    toQString(failed->message) + QStringLiteral(" · ") + jobWhy(job), jobRemedy(failed->reason)};
    if (job.spec.suspend.value_or(false))
        //: State of a Job or CronJob that was told to wait.
        return {State::Unknown, Workload::tr("Suspended"), jobWhy(job), Workload::tr("Resume lets it go on.")};
    //: State of a Job whose Pods work.
    ObjectState state{State::Starting, Workload::tr("Running"), jobWhy(job)};
    blame(state, pods, now);
    return state;
}

ObjectState stateOf(const batchv1::CronJob& job, WallTime now) {
    const auto& last = job.status.lastScheduleTime;
    const QString since =
        last ? Workload::tr("last started %1 ago").arg(ageText(*last, now)) : Workload::tr("has not started yet");
    if (job.metadata.deletionTimestamp) return leaving();
    if (job.spec.suspend.value_or(false))
        return {State::Unknown, Workload::tr("Suspended"), since, Workload::tr("Resume lets it go on.")};
    if (!job.status.active.empty())
        return {State::Starting, Workload::tr("Running"),
                Workload::tr("%1 running").arg(job.status.active.size()) + QStringLiteral(" · ") + since};
    //: State of a CronJob that waits for its next time.
    return {State::Ready, Workload::tr("Scheduled"), since};
}

}  // namespace qd::models
