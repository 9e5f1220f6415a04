#include "app/models/build_rollout.h"

#include <QCoreApplication>
#include <algorithm>
#include <charconv>

#include "app/models/deployment_summary.h"
#include "app/models/pod_summary.h"
#include "app/models/words.h"
#include "app/models/writers.h"

namespace qd::models {

using views::RevisionBox;
using views::RolloutModel;
using views::State;

namespace {

struct Rollout {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Rollout)
};

constexpr int kMostPlaces = 60;  // above, empty places say nothing any more

int resolved(const api::IntOrString& value, int total, bool roundUp) {
    if (!value.isString) return value.number;
    int percent = 0;
    std::from_chars(value.text.data(), value.text.data() + value.text.size(), percent);
    return roundUp ? (total * percent + 99) / 100 : total * percent / 100;
}

// The tag tells revisions apart: of "registry.example.com/shop/web:1.5.0" it keeps "web:1.5.0".
QString imageOf(const corev1::PodTemplateSpec& podTemplate) {
    if (podTemplate.spec.containers.empty()) return {};
    const QString image = toQString(podTemplate.spec.containers.front().image);
    return image.section(u'/', -1);
}

QString beganText(const appsv1::Deployment& deployment, const appsv1::ReplicaSet* current, base::WallTime now) {
    if (!current) return Rollout::tr("waits for the Deployment controller");
    const QString age = ageText(current->metadata.creationTimestamp, now);
    const auto cause = deployment.metadata.annotations.find("kubernetes.io/change-cause");
    //: When and by which command a roll-out began: "started 14 s ago, kubectl set image ...".
    if (cause != deployment.metadata.annotations.end())
        return Rollout::tr("started %1 ago, %2").arg(age, toQString(cause->second));
    const metav1::ManagedFieldsEntry* write = lastWrite(deployment);
    if (!write) return Rollout::tr("started %1 ago").arg(age);
    const Writer writer = writerOf(write->manager);
    //: When a roll-out began and who began it, with which program: "started 14 s ago by you, with kubectl set".
    return writer.person ? Rollout::tr("started %1 ago by you, with %2").arg(age, writer.name)
                         : Rollout::tr("started %1 ago by %2").arg(age, writer.name);
}

// Ready ones first, then those on their way, then those that leave; each group by name.
int rank(State state) {
    switch (state) {
        case State::Ready:
        case State::Done:
            return 0;
        case State::Starting:
            return 1;
        case State::Unknown:
            return 2;
        case State::Failed:
            return 3;
        default:
            return 4;
    }
}

RevisionBox makeBox(const OwnedPods& owned, bool current, base::WallTime now) {
    const appsv1::ReplicaSet& set = *owned.replicaSet;
    RevisionBox box;
    box.number = revisionOf(set.metadata);
    box.replicaSet = toQString(set.metadata.name);
    box.image = imageOf(set.spec.template_);
    box.desired = set.spec.replicas.value_or(0);
    box.ready = set.status.readyReplicas;
    box.current = current;
    for (const corev1::Pod* pod : owned.pods) box.pods.push_back(podTile(*pod, box.replicaSet, now));
    std::sort(box.pods.begin(), box.pods.end(), [](const views::PodTile& a, const views::PodTile& b) {
        return std::pair(rank(a.state), a.name) < std::pair(rank(b.state), b.name);
    });
    return box;
}

// The bottom line of a box: the worst first.
void note(const RolloutModel& model, RevisionBox& box) {
    for (const State wanted : {State::Failed, State::Unknown, State::Starting})
        for (const views::PodTile& pod : box.pods) {
            if (pod.state != wanted) continue;
            //: Under the Pods of a revision: one of them and what it waits for or failed with.
            box.note = Rollout::tr("%1: %2").arg(pod.shortName, pod.why);
            box.noteState = wanted;
            return;
        }
    if (box.current || box.pods.isEmpty()) return;
    const auto staying = static_cast<int>(std::count_if(
        box.pods.begin(), box.pods.end(), [](const views::PodTile& pod) { return pod.state != State::Leaving; }));
    if (staying == 0)
        box.note = Rollout::tr("%n leaving", nullptr, static_cast<int>(box.pods.size()));
    else if (model.available > model.minAvailable)
        box.note = Rollout::tr("%n to leave next", nullptr, std::min(staying, model.available - model.minAvailable));
    else
        box.note = Rollout::tr("%n to leave when more of the new ones are available", nullptr, staying);
}

QString waitingText(const appsv1::Deployment& deployment, const RolloutModel& model) {
    if (deployment.spec.paused) return Rollout::tr("paused by you: nothing is rolled out");
    if (isComplete(deployment)) return {};
    if (deployment.status.observedGeneration < deployment.metadata.generation)
        return Rollout::tr("waits for the Deployment controller");
    for (const RevisionBox& box : model.boxes) {
        if (!box.current) continue;
        for (const State wanted : {State::Failed, State::Starting})
            for (const views::PodTile& pod : box.pods)
                //: What holds the roll-out up: the name of a Pod.
                if (pod.state == wanted) return Rollout::tr("waits for %1").arg(pod.name);
    }
    const auto old =
        std::find_if(model.boxes.begin(), model.boxes.end(), [](const RevisionBox& box) { return !box.current; });
    return old != model.boxes.end() ? Rollout::tr("waits for revision %1 to leave").arg(old->number) : QString();
}

}  // namespace

std::int64_t revisionOf(const metav1::ObjectMeta& metadata) {
    const auto found = metadata.annotations.find("deployment.kubernetes.io/revision");
    std::int64_t revision = 0;
    if (found != metadata.annotations.end())
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), revision);
    return revision;
}

RolloutBudget rolloutBudget(const appsv1::Deployment& deployment) {
    const int desired = desiredReplicas(deployment);
    if (deployment.spec.strategy.type == "Recreate") return {0, desired};
    const appsv1::RollingUpdateDeployment* rolling = deployment.spec.strategy.rollingUpdate.get();
    const api::IntOrString quarter("25%");
    const int surge = resolved(rolling ? rolling->maxSurge.value_or(quarter) : quarter, desired, true);
    int unavailable = resolved(rolling ? rolling->maxUnavailable.value_or(quarter) : quarter, desired, false);
    if (surge == 0 && unavailable == 0) unavailable = 1;
    return {std::max(0, desired - unavailable), desired + surge};
}

RolloutModel buildRollout(const appsv1::Deployment& deployment, const std::vector<OwnedPods>& owned,
                          base::WallTime now) {
    std::vector<const appsv1::ReplicaSet*> sets;
    for (const OwnedPods& each : owned) sets.push_back(each.replicaSet);
    const appsv1::ReplicaSet* current = currentReplicaSet(deployment, sets);

    RolloutModel model;
    model.deployment = toQString(deployment.metadata.namespace_ + '/' + deployment.metadata.name);
    model.desired = desiredReplicas(deployment);
    const RolloutBudget budget = rolloutBudget(deployment);
    model.minAvailable = budget.minAvailable;
    model.maxTotal = budget.maxTotal;
    model.available = deployment.status.availableReplicas;
    model.total = deployment.status.replicas;
    model.places = model.desired <= kMostPlaces ? model.desired : 0;
    std::vector<const corev1::Pod*> newest;
    for (const OwnedPods& each : owned)
        if (each.replicaSet == current) newest = each.pods;
    const DeploymentSummary summary = summarize(deployment, newest, now);
    model.trouble = summary.trouble.what;
    model.remedy = summary.trouble.remedy;
    model.state = summary.state;
    model.word = summary.word;
    model.headline = summary.headline;
    model.began = beganText(deployment, current, now);
    for (const OwnedPods& each : owned) {
        const appsv1::ReplicaSet& set = *each.replicaSet;
        const bool isCurrent = &set == current;
        if (isCurrent || !each.pods.empty() || set.spec.replicas.value_or(0) > 0)
            model.boxes.push_back(makeBox(each, isCurrent, now));
        model.history.push_back({revisionOf(set.metadata), imageOf(set.spec.template_),
                                 isCurrent ? Rollout::tr("now") : ageText(set.metadata.creationTimestamp, now),
                                 isCurrent});
    }
    std::sort(model.boxes.begin(), model.boxes.end(), [](const RevisionBox& a, const RevisionBox& b) {
        return std::pair(a.current, a.number) < std::pair(b.current, b.number);
    });
    std::sort(model.history.begin(), model.history.end(),
              [](const views::RevisionMark& a, const views::RevisionMark& b) { return a.number < b.number; });
    for (RevisionBox& box : model.boxes) note(model, box);
    // What is wrong says it better than what is waited for.
    if (model.trouble.isEmpty()) model.waitingFor = waitingText(deployment, model);
    return model;
}

}  // namespace qd::models
