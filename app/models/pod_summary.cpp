#include "app/models/pod_summary.h"

#include <QCoreApplication>
#include <algorithm>

#include "app/models/pod_trouble.h"
#include "app/models/words.h"

namespace qd::models {

using views::State;

namespace {

struct Summary {
    Q_DECLARE_TR_FUNCTIONS(qd::models::PodSummary)
};

const corev1::PodCondition* condition(const corev1::Pod& pod, std::string_view type) {
    for (const corev1::PodCondition& each : pod.status.conditions)
        if (each.type == type) return &each;
    return nullptr;
}

bool isTrue(const corev1::PodCondition* found) {
    return found && found->status == metav1::ConditionTrue;
}

const corev1::Container* specOf(const corev1::Pod& pod, const std::string& name) {
    for (const auto* containers : {&pod.spec.containers, &pod.spec.initContainers})
        for (const corev1::Container& container : *containers)
            if (container.name == name) return &container;
    return nullptr;
}

void fails(PodSummary& summary, const QString& word, const Trouble& trouble) {
    summary.state = State::Failed;
    summary.word = word;
    summary.why = trouble.what;
    summary.remedy = trouble.remedy;
}

// It runs now, but not for long so far: a state that comes and goes with each attempt tells nobody anything.
bool keepsCrashing(const corev1::ContainerStatus& status) {
    return !status.ready && status.restartCount > 1 && status.lastState.terminated &&
           status.lastState.terminated->exitCode != 0;
}

void leaving(const corev1::Pod& pod, base::WallTime now, PodSummary& summary) {
    summary.state = State::Leaving;
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(pod.metadata.deletionTimestamp->wall() - now).count();
    summary.why = left > 0
                      ? Summary::tr("asked to end, is killed in %n s at the latest", nullptr, static_cast<int>(left))
                      : Summary::tr("its time to end is over; waits for the node or a finalizer");
}

void waitingContainer(const corev1::Pod& pod, const corev1::ContainerStatus& status, PodSummary& summary) {
    const std::string& reason = status.state.waiting->reason;
    if (isTrouble(reason))
        fails(summary, toQString(reason), waitingTrouble(status, specOf(pod, status.name)));
    else
        summary.why = Summary::tr("container %1 is being created").arg(toQString(status.name));
}

void unplaced(const corev1::PodCondition* scheduled, PodSummary& summary) {
    summary.progress = 0;
    summary.why = Summary::tr("waits for the scheduler to choose a node");
    if (!scheduled || scheduled->message.empty()) return;
    const Trouble trouble = placeTrouble(scheduled->message);
    summary.why = trouble.what;
    if (scheduled->reason != "Unschedulable") return;
    //: State of a Pod that no node can take.
    summary.word = Summary::tr("Unschedulable");
    summary.remedy = trouble.remedy;
}

void starting(const corev1::Pod& pod, PodSummary& summary) {
    summary.state = State::Starting;
    if (pod.spec.nodeName.empty()) return unplaced(condition(pod, "PodScheduled"), summary);
    summary.progress = 0.25;
    summary.why = Summary::tr("%1 prepares it").arg(toQString(pod.spec.nodeName));
    for (const corev1::ContainerStatus& status : pod.status.initContainerStatuses) {
        if (status.state.running && !status.started.value_or(false)) {
            summary.why = Summary::tr("init container %1 runs").arg(toQString(status.name));
            summary.progress = 0.4;
        }
        if (status.state.waiting && isTrouble(status.state.waiting->reason))
            return waitingContainer(pod, status, summary);
    }
    int running = 0;
    for (const corev1::ContainerStatus& status : pod.status.containerStatuses) {
        if (status.state.running) ++running;
        if (status.state.waiting && summary.state != State::Failed) waitingContainer(pod, status, summary);
        if (status.state.terminated && summary.state != State::Failed) {
            const corev1::ContainerStateTerminated& end = *status.state.terminated;
            fails(summary, end.reason.empty() ? Summary::tr("Error") : toQString(end.reason),
                  endedTrouble(status.name, end));
        }
        if (status.state.running && summary.state != State::Failed && keepsCrashing(status))
            //: State of a Pod whose container has ended badly several times and runs once more.
            fails(summary, Summary::tr("Restarted"), endedTrouble(status.name, *status.lastState.terminated));
    }
    if (summary.state == State::Failed || running < summary.containers || running == 0) return;
    summary.progress = 0.75;
    for (const corev1::ContainerStatus& status : pod.status.containerStatuses)
        if (!status.ready)
            summary.why = Summary::tr("container %1 runs, readiness not reported yet").arg(toQString(status.name));
}

void ended(const corev1::Pod& pod, PodSummary& summary) {
    if (pod.status.phase == "Succeeded") {
        summary.state = State::Done;
        summary.why = Summary::tr("all its containers ended well");
        return;
    }
    summary.state = State::Failed;
    if (!pod.status.reason.empty()) summary.word = toQString(pod.status.reason);
    summary.why = toQString(pod.status.message);
    for (const corev1::ContainerStatus& status : pod.status.containerStatuses) {
        if (!status.state.terminated || status.state.terminated->exitCode == 0) continue;
        const Trouble trouble = endedTrouble(status.name, *status.state.terminated);
        if (summary.why.isEmpty()) summary.why = trouble.what;
        if (summary.remedy.isEmpty()) summary.remedy = trouble.remedy;
    }
}

}  // namespace

PodSummary summarize(const corev1::Pod& pod, base::WallTime now) {
    PodSummary summary;
    summary.containers = static_cast<int>(pod.spec.containers.size());
    for (const corev1::ContainerStatus& status : pod.status.containerStatuses) {
        summary.readyContainers += status.ready ? 1 : 0;
        summary.restarts += status.restartCount;
    }
    if (pod.metadata.deletionTimestamp)
        leaving(pod, now, summary);
    else if (pod.status.phase == "Succeeded" || pod.status.phase == "Failed")
        ended(pod, summary);
    else if (pod.status.phase == "Unknown")
        summary.why = Summary::tr("%1 has not been heard from").arg(toQString(pod.spec.nodeName));
    else if (isTrue(condition(pod, "Ready"))) {
        summary.state = State::Ready;
        summary.why = Summary::tr("on %1").arg(toQString(pod.spec.nodeName));
    } else
        starting(pod, summary);
    if (summary.word.isEmpty()) summary.word = views::wordFor(summary.state);
    return summary;
}

views::PodTile podTile(const corev1::Pod& pod, const QString& prefix, base::WallTime now) {
    const PodSummary summary = summarize(pod, now);
    views::PodTile tile;
    tile.id = toQString(pod.metadata.uid);
    tile.name = toQString(pod.metadata.name);
    tile.shortName = tile.name;
    if (!prefix.isEmpty() && tile.name.startsWith(prefix + u'-')) tile.shortName = tile.name.mid(prefix.size() + 1);
    tile.state = summary.state;
    tile.progress = summary.progress;
    tile.why = summary.why;
    return tile;
}

}  // namespace qd::models
