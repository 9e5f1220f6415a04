#include "app/models/object_state.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>
#include <array>

#include "app/bridge/resources.h"
#include "app/models/build_nodes.h"
#include "app/models/deployment_summary.h"
#include "app/models/pod_summary.h"
#include "app/models/words.h"
#include "app/models/workload_state.h"
#include "cluster/api/types/autoscaling_v2.h"
#include "cluster/api/types/certificates_v1.h"
#include "cluster/api/types/policy_v1.h"

namespace qd::models {

using base::WallTime;
using views::State;

namespace {

struct States {
    Q_DECLARE_TR_FUNCTIONS(qd::models::States)
};

constexpr std::array kOwners{std::string_view("StatefulSet"), std::string_view("DaemonSet"),
                             std::string_view("ReplicaSet"), std::string_view("ReplicationController"),
                             std::string_view("Job")};
constexpr std::array kStated{std::string_view("Pod"),
                             std::string_view("Deployment"),
                             std::string_view("Node"),
                             std::string_view("CronJob"),
                             std::string_view("HorizontalPodAutoscaler"),
                             std::string_view("PodDisruptionBudget"),
                             std::string_view("PersistentVolumeClaim"),
                             std::string_view("PersistentVolume"),
                             std::string_view("ResourceQuota"),
                             std::string_view("Namespace"),
                             std::string_view("CertificateSigningRequest")};

template <typename Conditions>
auto conditionOf(const Conditions& conditions, std::string_view type) -> decltype(&conditions.front()) {
    for (const auto& each : conditions)
        if (each.type == type) return &each;
    return nullptr;
}

QString metricRemedy(const std::string& reason) {
    if (reason == "ScalingDisabled") return States::tr("Scale its target to one or more, then it takes over.");
    if (reason == "InvalidSelector")
        return States::tr(
            "Another autoscaler chooses the same Pods, or its target has no selector: correct one of them.");
    if (reason.find("Resource") != std::string::npos)
        return States::tr(
            "A share of a request needs requests: set resources.requests in its target's containers. Just "
            "after a start the first figures take some seconds.");
    return States::tr("See that its Pods offer the metric that it names.");
}

ObjectState stateOfAutoscaler(const autoscalingv2::HorizontalPodAutoscaler& autoscaler) {
    const auto& status = autoscaler.status;
    const auto* able = conditionOf(status.conditions, "AbleToScale");
    const auto* active = conditionOf(status.conditions, "ScalingActive");
    const auto* limited = conditionOf(status.conditions, "ScalingLimited");
    if (able && able->status == metav1::ConditionFalse)
        //: State of an autoscaler that cannot read or change what it scales.
        return {State::Failed, States::tr("Cannot scale"), toQString(able->message),
                States::tr("See that its target exists and can be scaled: a DaemonSet cannot.")};
    if (active && active->status == metav1::ConditionFalse) {
        const bool off = active->reason == "ScalingDisabled";
        //: States of an autoscaler: its target has zero replicas; it gets no figures.
        return {off ? State::Unknown : State::Failed, off ? States::tr("Switched off") : States::tr("No metrics"),
                toQString(active->message), metricRemedy(active->reason)};
    }
    //: About an autoscaler: how many Pods there are, how many the metrics ask for, and how many are allowed.
    const QString numbers = States::tr("%1 now, wants %2, allowed %3 to %4")
                                .arg(status.currentReplicas)
                                .arg(status.desiredReplicas)
                                .arg(autoscaler.spec.minReplicas.value_or(1))
                                .arg(autoscaler.spec.maxReplicas);
    if (!able) return {State::Starting, views::wordFor(State::Starting), States::tr("waits for its first look")};
    if (status.currentReplicas != status.desiredReplicas)
        //: State of an autoscaler that is changing the number of Pods.
        return {State::Starting, States::tr("Scaling"), numbers};
    if (limited && limited->status == metav1::ConditionTrue)
        //: State of an autoscaler that would go further and may not.
        return {State::Starting, States::tr("At its limit"),
                numbers + QStringLiteral(" · ") + toQString(limited->message)};
    //: State of an autoscaler whose number of Pods is right.
    return {State::Ready, States::tr("Steady"), numbers};
}

ObjectState stateOfBudget(const policyv1::PodDisruptionBudget& budget) {
    const auto& status = budget.status;
    //: About a disruption budget: how many of its Pods are healthy, and how many must be.
    const QString why =
        States::tr("%1 healthy, at least %2 must be").arg(status.currentHealthy).arg(status.desiredHealthy);
    //: State of a disruption budget that chooses no Pod.
    if (status.expectedPods == 0) return {State::Unknown, States::tr("No Pods"), States::tr("chooses no Pod")};
    if (status.currentHealthy < status.desiredHealthy)
        return {State::Failed, States::tr("Too few healthy"), why, States::tr("See why its Pods are not ready.")};
    if (status.disruptionsAllowed == 0)
        //: State of a disruption budget: no Pod may be evicted now.
        return {State::Starting, States::tr("Allows none"), why,
                States::tr("A drain waits. More replicas, or a smaller budget, let it go on.")};
    //: State of a disruption budget: so many Pods may be evicted now.
    return {State::Ready, States::tr("Allows %1").arg(status.disruptionsAllowed), why};
}

ObjectState stateOfClaim(const corev1::PersistentVolumeClaim& claim) {
    if (claim.metadata.deletionTimestamp)
        return {State::Leaving, views::wordFor(State::Leaving), States::tr("goes when no Pod uses it any more")};
    const std::string& phase = claim.status.phase;
    if (phase == "Bound")
        //: State of a claim that has its volume.
        return {State::Ready, States::tr("Bound"), States::tr("has volume %1").arg(toQString(claim.spec.volumeName))};
    if (phase == "Lost")
        //: State of a claim whose volume has gone.
        return {State::Failed, States::tr("Lost"),
                States::tr("its volume %1 has gone").arg(toQString(claim.spec.volumeName)),
                States::tr("Its data is not there any more: make a new claim.")};
    return {State::Starting, States::tr("Pending"), States::tr("waits for a volume, or for the first Pod that uses it"),
            States::tr("Its events say what it waits for. Without a storage class somebody must make a volume.")};
}

ObjectState stateOfVolume(const corev1::PersistentVolume& volume) {
    const std::string& phase = volume.status.phase;
    const auto& claim = volume.spec.claimRef;
    const QString of = claim ? toQString(claim->namespace_ + '/' + claim->name) : QString();
    if (volume.metadata.deletionTimestamp)
        return {State::Leaving, views::wordFor(State::Leaving), States::tr("goes when no claim has it any more")};
    if (phase == "Bound") return {State::Ready, States::tr("Bound"), States::tr("belongs to claim %1").arg(of)};
    if (phase == "Available")
        //: State of a volume that no claim has.
        return {State::Done, States::tr("Available"), States::tr("waits for a claim")};
    if (phase == "Released")
        //: State of a volume whose claim has gone and whose data is still there.
        return {State::Unknown, States::tr("Released"), States::tr("claim %1 has gone; its data is kept").arg(of),
                States::tr("Save what you need, then delete the volume, or take its claimRef away to use it again.")};
    if (phase == "Failed") return {State::Failed, views::wordFor(State::Failed), toQString(volume.status.message)};
    return {State::Starting, States::tr("Pending"), {}};
}

ObjectState stateOfQuota(const corev1::ResourceQuota& quota) {
    QStringList full;
    for (const auto& [name, hard] : quota.status.hard) {
        const auto used = quota.status.used.find(name);
        if (used != quota.status.used.end() && used->second >= hard && !(hard == api::Quantity()))
            full << toQString(name);
    }
    if (quota.status.hard.empty()) return {State::Starting, States::tr("Not counted"), States::tr("waits for a count")};
    if (!full.isEmpty())
        //: State of a quota that has nothing left of something; the list names what.
        return {State::Starting, States::tr("Used up"),
                States::tr("nothing left of %1").arg(full.join(QStringLiteral(", "))),
                States::tr("What is made from now on is refused. Raise spec.hard, or delete what is not needed.")};
    //: State of a quota that leaves room for more.
    return {State::Ready, States::tr("Has room"), {}};
}

ObjectState stateOfNamespace(const corev1::Namespace& space) {
    //: State of a namespace.
    if (space.status.phase != "Terminating") return {State::Ready, States::tr("Active"), {}};
    QStringList why;
    for (const corev1::NamespaceCondition& condition : space.status.conditions)
        if (condition.status == metav1::ConditionTrue) why << toQString(condition.message);
    return {State::Leaving, States::tr("Terminating"),
            why.isEmpty() ? States::tr("everything in it is being deleted") : why.join(u'\n')};
}

ObjectState stateOfSigningRequest(const certificatesv1::CertificateSigningRequest& request) {
    const auto& conditions = request.status.conditions;
    if (const auto* denied = conditionOf(conditions, "Denied"))
        //: States of a certificate signing request.
        return {State::Failed, States::tr("Denied"), toQString(denied->message)};
    if (const auto* failed = conditionOf(conditions, "Failed"))
        return {State::Failed, views::wordFor(State::Failed), toQString(failed->message)};
    if (!request.status.certificate.empty()) return {State::Done, States::tr("Issued"), {}};
    if (conditionOf(conditions, "Approved"))
        return {State::Starting, States::tr("Approved"), States::tr("waits for its signer")};
    return {State::Starting, States::tr("Pending"), States::tr("waits for somebody who approves or denies it")};
}

template <typename T>
ObjectState fromSummary(const T& summary) {
    return {summary.state, summary.word, summary.why};
}

ObjectState stateOfWorkload(Inventory& inventory, const api::Object& object, WallTime now) {
    const std::vector<api::ObjectPtr> owned = inventory.objects(bridge::kPods).ownedBy(object.metadata.uid);
    Pods pods;
    for (const api::ObjectPtr& each : owned) pods.push_back(api::objectAs<corev1::Pod>(*each));
    if (const auto* set = api::objectAs<appsv1::StatefulSet>(object)) return stateOf(*set, pods, now);
    if (const auto* set = api::objectAs<appsv1::DaemonSet>(object)) return stateOf(*set, pods, now);
    if (const auto* set = api::objectAs<appsv1::ReplicaSet>(object)) return stateOf(*set, pods, now);
    if (const auto* controller = api::objectAs<corev1::ReplicationController>(object))
        return stateOf(*controller, pods, now);
    if (const auto* job = api::objectAs<batchv1::Job>(object)) return stateOf(*job, pods, now);
    return {};
}

}  // namespace

bool ownsPods(std::string_view kind) {
    return std::find(kOwners.begin(), kOwners.end(), kind) != kOwners.end();
}

bool hasState(std::string_view kind) {
    return ownsPods(kind) || std::find(kStated.begin(), kStated.end(), kind) != kStated.end();
}

std::optional<int> wantedPods(const api::Object& object) {
    if (const auto* set = api::objectAs<appsv1::StatefulSet>(object)) return set->spec.replicas.value_or(1);
    if (const auto* set = api::objectAs<appsv1::DaemonSet>(object)) return set->status.desiredNumberScheduled;
    if (const auto* set = api::objectAs<appsv1::ReplicaSet>(object)) return set->spec.replicas.value_or(1);
    if (const auto* controller = api::objectAs<corev1::ReplicationController>(object))
        return controller->spec.replicas.value_or(1);
    if (const auto* job = api::objectAs<batchv1::Job>(object))
        return job->spec.completions.value_or(job->spec.parallelism.value_or(1));
    return std::nullopt;
}

bool isToLookAt(const ObjectState& state) {
    return state.state == State::Failed || (state.state == State::Starting && !state.remedy.isEmpty());
}

ObjectState stateOf(Inventory& inventory, const api::Object& object, WallTime now) {
    if (const auto* pod = api::objectAs<corev1::Pod>(object)) {
        const PodSummary summary = summarize(*pod, now);
        return {summary.state, summary.word, summary.why, summary.remedy};
    }
    if (const auto* deployment = api::objectAs<appsv1::Deployment>(object)) {
        const DeploymentSummary summary = summarize(inventory, *deployment, now);
        return {summary.state, summary.word, summary.line(), summary.trouble.remedy};
    }
    if (const auto* node = api::objectAs<corev1::Node>(object)) return fromSummary(summarize(*node, now));
    if (ownsPods(object.kind())) return stateOfWorkload(inventory, object, now);
    if (const auto* job = api::objectAs<batchv1::CronJob>(object)) return stateOf(*job, now);
    if (const auto* each = api::objectAs<autoscalingv2::HorizontalPodAutoscaler>(object))
        return stateOfAutoscaler(*each);
    if (const auto* each = api::objectAs<policyv1::PodDisruptionBudget>(object)) return stateOfBudget(*each);
    if (const auto* each = api::objectAs<corev1::PersistentVolumeClaim>(object)) return stateOfClaim(*each);
    if (const auto* each = api::objectAs<corev1::PersistentVolume>(object)) return stateOfVolume(*each);
    if (const auto* each = api::objectAs<corev1::ResourceQuota>(object)) return stateOfQuota(*each);
    if (const auto* each = api::objectAs<corev1::Namespace>(object)) return stateOfNamespace(*each);
    if (const auto* each = api::objectAs<certificatesv1::CertificateSigningRequest>(object))
        return stateOfSigningRequest(*each);
    return {};
}

}  // namespace qd::models
