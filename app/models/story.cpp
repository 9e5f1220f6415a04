#include "app/models/story.h"

#include <QCoreApplication>

#include "app/bridge/resources.h"
#include "app/models/build_rollout.h"
#include "app/models/deployment_summary.h"
#include "app/models/event_words.h"
#include "app/models/object_state.h"
#include "app/models/pod_summary.h"
#include "app/models/words.h"
#include "app/models/writers.h"

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

void addWrite(QVector<StoryStep>& story, const api::Object& object, WallTime now) {
    const metav1::ManagedFieldsEntry* write = lastWrite(object);
    if (!write) return;
    const QString what = toQString(object.kind()) + u' ' + toQString(object.metadata.name);
    const Writer writer = writerOf(write->manager);
    story.push_back({writerText(writer),
                     write->operation == "Apply" ? Story::tr("applied %1").arg(what) : Story::tr("wrote %1").arg(what),
                     agoText(*write->time, now), State::Empty, writer.person});
}

// An Event is somebody's remark about another object: its story is the remark, and how that object is now.
void addEvent(QVector<StoryStep>& story, Inventory& inventory, const corev1::Event& event, WallTime now) {
    const std::string& source = event.reportingComponent.empty() ? event.source.component : event.reportingComponent;
    const int count = timesSeen(event);
    const WallTime last = lastSeen(event);
    //: When something was last seen; %1 is a length of time such as "11 s".
    QString when = Story::tr("%1 ago").arg(lengthText(now - last));
    //: Added to that when it was seen several times.
    if (count > 1) when = Story::tr("%1, seen %n times", nullptr, count).arg(when);
    const bool warning = event.type == "Warning";
    story.push_back({toQString(source).replace(u'-', u' '),
                     toQString(event.reason) + QStringLiteral(": ") + toQString(event.message), when,
                     warning ? State::Starting : State::Empty});
    if (event.involvedObject.kind != "Pod") return;
    const api::ObjectPtr object = inventory.objects(bridge::kPods).byUid(event.involvedObject.uid);
    const auto* pod = object ? api::objectAs<corev1::Pod>(*object) : nullptr;
    if (!pod) {
        //: The last step of an Event's story when the Pod that it is about is no longer there.
        story.push_back({Story::tr("now"), Story::tr("%1 has gone").arg(toQString(event.involvedObject.name)), {}});
        return;
    }
    const PodSummary summary = summarize(*pod, now);
    story.push_back({Story::tr("now"), summary.word + QStringLiteral(": ") + summary.why, {}, summary.state});
}

api::ObjectPtr ownerOf(Inventory& inventory, const api::Object& object, std::string_view kind,
                       const bridge::Resource& resource) {
    for (const metav1::OwnerReference& owner : object.metadata.ownerReferences)
        if (owner.kind == kind && owner.controller.value_or(false)) return inventory.objects(resource).byUid(owner.uid);
    return nullptr;
}

// What the window watches anyway; other owners are not asked for.
api::ObjectPtr controllerOf(Inventory& inventory, const api::Object& object) {
    for (const bridge::Resource* kind :
         {&bridge::kReplicaSets, &bridge::kStatefulSets, &bridge::kDaemonSets, &bridge::kJobs, &bridge::kCronJobs,
          &bridge::kReplicationControllers, &bridge::kDeployments})
        if (const api::ObjectPtr owner = ownerOf(inventory, object, kind->kind, *kind)) return owner;
    return nullptr;
}

void addCreation(QVector<StoryStep>& story, const api::Object& object, WallTime now) {
    for (const metav1::OwnerReference& owner : object.metadata.ownerReferences)
        if (owner.controller.value_or(false))
            story.push_back(
                {Story::tr("%1 controller").arg(toQString(owner.kind).toLower()),
                 Story::tr("made %1").arg(toQString(object.kind()) + u' ' + toQString(object.metadata.name)),
                 agoText(object.metadata.creationTimestamp, now)});
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

void addRemedy(QVector<StoryStep>& story, const QString& remedy) {
    if (remedy.isEmpty()) return;
    //: The step of a story that comes after what is wrong now.
    story.push_back({Story::tr("what to do"), remedy, {}});
}

// How an object of any other kind is at this moment, and what to do.
void addNow(QVector<StoryStep>& story, Inventory& inventory, const api::Object& object, WallTime now) {
    const ObjectState state = stateOf(inventory, object, now);
    if (state.word.isEmpty()) return;
    const QString text = state.why.isEmpty() ? state.word : state.word + QStringLiteral(": ") + state.why;
    story.push_back({Story::tr("now"), text, {}, state.state});
    addRemedy(story, state.remedy);
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
    addRemedy(story, summary.remedy);
}

// A Deployment that does not get on waits for one of its Pods: the one in the worst state says why.
void addWorstPod(QVector<StoryStep>& story, Inventory& inventory, const std::vector<const appsv1::ReplicaSet*>& sets,
                 WallTime now) {
    const corev1::Pod* worst = nullptr;
    PodSummary summary;
    for (const appsv1::ReplicaSet* set : sets)
        for (const api::ObjectPtr& object : inventory.objects(bridge::kPods).ownedBy(set->metadata.uid)) {
            const auto* pod = api::objectAs<corev1::Pod>(*object);
            const PodSummary its = summarize(*pod, now);
            const bool waits = its.state == State::Starting || its.state == State::Failed;
            if (!waits || (worst && !(its.state == State::Failed && summary.state != State::Failed))) continue;
            worst = pod;
            summary = its;
        }
    if (!worst) return;
    story.push_back(
        {toQString(worst->metadata.name), summary.word + QStringLiteral(": ") + summary.why, {}, summary.state});
}

}  // namespace

QVector<StoryStep> buildStory(Inventory& inventory, const api::Object& object, WallTime now) {
    QVector<StoryStep> story;
    if (const auto* event = api::objectAs<corev1::Event>(object)) {
        addEvent(story, inventory, *event, now);
        return story;
    }
    if (const auto* pod = api::objectAs<corev1::Pod>(object)) {
        const api::ObjectPtr set = ownerOf(inventory, object, "ReplicaSet", bridge::kReplicaSets);
        const api::ObjectPtr deployment = set ? ownerOf(inventory, *set, "Deployment", bridge::kDeployments) : nullptr;
        // The last write of a Deployment made its newest ReplicaSet, not the older ones.
        const bool newest = deployment && revisionOf(set->metadata) == revisionOf(deployment->metadata);
        const api::ObjectPtr owner = controllerOf(inventory, object);
        if (newest)
            addWrite(story, *deployment, now);
        else if (!deployment)
            addWrite(story, owner ? *owner : object, now);
        if (set && deployment) addReplicaSet(story, *api::objectAs<appsv1::ReplicaSet>(*set), now);
        addPod(story, *pod, now);
        return story;
    }
    if (const api::ObjectPtr owner = controllerOf(inventory, object)) {
        addWrite(story, *owner, now);
        addCreation(story, object, now);
    } else {
        addWrite(story, object, now);
    }
    if (const auto* deployment = api::objectAs<appsv1::Deployment>(object)) {
        std::vector<api::ObjectPtr> owned = inventory.objects(bridge::kReplicaSets).ownedBy(object.metadata.uid);
        std::vector<const appsv1::ReplicaSet*> sets;
        for (const api::ObjectPtr& set : owned) sets.push_back(api::objectAs<appsv1::ReplicaSet>(*set));
        if (const appsv1::ReplicaSet* current = currentReplicaSet(*deployment, sets))
            addReplicaSet(story, *current, now);
        const DeploymentSummary summary = summarize(inventory, *deployment, now);
        story.push_back({Story::tr("now"), summary.headline, {}, summary.state});
        if (!summary.trouble.what.isEmpty()) {
            story.push_back({summary.word, summary.trouble.what, {}, summary.state});
            addRemedy(story, summary.trouble.remedy);
        } else if (summary.state != State::Ready) {
            addWorstPod(story, inventory, sets, now);
        }
    }
    if (!api::objectAs<appsv1::Deployment>(object)) addNow(story, inventory, object, now);
    return story;
}

}  // namespace qd::models
