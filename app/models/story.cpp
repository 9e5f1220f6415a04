#include "app/models/story.h"

#include <QCoreApplication>

#include "app/bridge/resources.h"
#include "app/models/build_nodes.h"
#include "app/models/build_rollout.h"
#include "app/models/pod_summary.h"
#include "app/models/words.h"

namespace qd::models {

using base::WallTime;
using views::State;

namespace {

struct Story {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Story)
};

QString agoText(const api::Time& time, WallTime now) {
    //: When a step happened; %1 is a length of time such as "11 s".
    return time.isZero() ? QString() : Story::tr("%1 ago").arg(ageText(time, now));
}

const metav1::ManagedFieldsEntry* lastWrite(const api::Object& object) {
    const metav1::ManagedFieldsEntry* newest = nullptr;
    for (const metav1::ManagedFieldsEntry& entry : object.metadata.managedFields) {
        if (!entry.subresource.empty() || !entry.time) continue;
        if (!newest || *entry.time >= *newest->time) newest = &entry;
    }
    return newest;
}

// Controllers and agents write as themselves; everything else is a person with a program.
bool isPerson(std::string_view manager) {
    return !manager.ends_with("-controller") && !manager.starts_with("kube-") && !manager.starts_with("qdeck-agent");
}

void addWrite(QVector<StoryStep>& story, const api::Object& object, WallTime now) {
    const metav1::ManagedFieldsEntry* write = lastWrite(object);
    if (!write) return;
    const QString what = toQString(object.kind()) + u' ' + toQString(object.metadata.name);
    const bool yours = isPerson(write->manager);
    const QString manager = toQString(write->manager);
    //: Who made a change: the reader, with a program.
    story.push_back({yours ? Story::tr("You, with %1").arg(manager) : manager,
                     write->operation == "Apply" ? Story::tr("applied %1").arg(what) : Story::tr("wrote %1").arg(what),
                     agoText(*write->time, now), State::Empty, yours});
}

api::ObjectPtr ownerOf(Inventory& inventory, const api::Object& object, std::string_view kind,
                       const bridge::Resource& resource) {
    for (const metav1::OwnerReference& owner : object.metadata.ownerReferences)
        if (owner.kind == kind && owner.controller.value_or(false)) return inventory.objects(resource).byUid(owner.uid);
    return nullptr;
}

void addReplicaSet(QVector<StoryStep>& story, const appsv1::ReplicaSet& set, WallTime now) {
    //: A step of the story: %1 is a ReplicaSet's name.
    story.push_back({Story::tr("deployment controller"),
                     Story::tr("made ReplicaSet %1").arg(toQString(set.metadata.name)),
                     agoText(set.metadata.creationTimestamp, now)});
    story.push_back(
        {Story::tr("deployment controller"),
         Story::tr("scaled %1 to %n", nullptr, set.spec.replicas.value_or(1)).arg(toQString(set.metadata.name)),
         Story::tr("revision %1").arg(revisionOf(set.metadata))});
}

void addPod(QVector<StoryStep>& story, const corev1::Pod& pod, WallTime now) {
    for (const metav1::OwnerReference& owner : pod.metadata.ownerReferences)
        //: Who made a Pod: the controller of %1, a kind such as replicaset.
        story.push_back({Story::tr("%1 controller").arg(toQString(owner.kind).toLower()), Story::tr("created this Pod"),
                         agoText(pod.metadata.creationTimestamp, now)});
    for (const corev1::PodCondition& condition : pod.status.conditions)
        if (condition.type == "PodScheduled" && condition.status == metav1::ConditionTrue)
            story.push_back({Story::tr("scheduler"), Story::tr("chose node %1").arg(toQString(pod.spec.nodeName)),
                             agoText(condition.lastTransitionTime, now)});
    for (const corev1::ContainerStatus& status : pod.status.containerStatuses)
        if (status.state.running)
            story.push_back({Story::tr("agent %1").arg(toQString(pod.spec.nodeName)),
                             Story::tr("started container %1").arg(toQString(status.name)),
                             agoText(status.state.running->startedAt, now)});
    const PodSummary summary = summarize(pod, now);
    //: The last step of a story: how it is at this moment.
    story.push_back({Story::tr("now"), summary.word + QStringLiteral(": ") + summary.why, {}, summary.state});
}

}  // namespace

QVector<StoryStep> buildStory(Inventory& inventory, const api::Object& object, WallTime now) {
    QVector<StoryStep> story;
    if (const auto* pod = api::objectAs<corev1::Pod>(object)) {
        const api::ObjectPtr set = ownerOf(inventory, object, "ReplicaSet", bridge::kReplicaSets);
        const api::ObjectPtr deployment = set ? ownerOf(inventory, *set, "Deployment", bridge::kDeployments) : nullptr;
        // The last write of a Deployment made its newest ReplicaSet, not the older ones.
        const bool newest = deployment && revisionOf(set->metadata) == revisionOf(deployment->metadata);
        if (newest)
            addWrite(story, *deployment, now);
        else if (set && !deployment)
            addWrite(story, *set, now);
        else if (!set)
            addWrite(story, object, now);
        if (set && deployment) addReplicaSet(story, *api::objectAs<appsv1::ReplicaSet>(*set), now);
        addPod(story, *pod, now);
        return story;
    }
    addWrite(story, object, now);
    if (const auto* deployment = api::objectAs<appsv1::Deployment>(object)) {
        std::vector<api::ObjectPtr> owned = inventory.objects(bridge::kReplicaSets).ownedBy(object.metadata.uid);
        std::vector<const appsv1::ReplicaSet*> sets;
        for (const api::ObjectPtr& set : owned) sets.push_back(api::objectAs<appsv1::ReplicaSet>(*set));
        if (const appsv1::ReplicaSet* current = currentReplicaSet(*deployment, sets))
            addReplicaSet(story, *current, now);
        const DeploymentSummary summary = summarize(*deployment);
        story.push_back({Story::tr("now"), summary.headline, {}, summary.state});
    }
    if (const auto* node = api::objectAs<corev1::Node>(object)) {
        const NodeSummary summary = summarize(*node, now);
        story.push_back({Story::tr("now"), summary.word + QStringLiteral(": ") + summary.why, {}, summary.state});
    }
    return story;
}

}  // namespace qd::models
