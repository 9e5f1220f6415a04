// Placing one Pod: the scheduling cycle on the strand, and the binding that follows it elsewhere.
#include <fmt/format.h>

#include "cluster/base/log.h"
#include "cluster/client/write_scope.h"
#include "cluster/scheduler/scheduler_state.h"

namespace qd::scheduler {
namespace {

constexpr std::size_t kLongestNote = 1024;  // of an event
constexpr int kReportTries = 4;

std::string shortened(std::string message) {
    constexpr std::string_view dots = " ...";
    if (message.size() > kLongestNote) message.replace(kLongestNote - dots.size(), std::string::npos, dots);
    return message;
}

std::string nameOf(const corev1::Pod& pod) {
    return fmt::format("{}/{}", pod.metadata.namespace_, pod.metadata.name);
}

}  // namespace

void Scheduler::State::scheduleOne(const QueuedPod& queued) {
    const corev1::Pod& pod = *queued.pod->pod;
    const client::CauseScope cause(revisionOf(pod.metadata));
    if (queued.pod->terminating()) {
        event(*queued.pod, pod, "Warning", "FailedScheduling", "skip schedule deleting pod: " + nameOf(pod));
        return queue.done(queued.pod->uid());
    }
    if (cache.contains(queued.pod->uid())) return queue.done(queued.pod->uid());
    Framework& framework = *profiles.of(*queued.pod);
    auto placement = std::make_shared<Placement>(Placement{.framework = &framework,
                                                           .cycle = CycleState(framework.size()),
                                                           .pod = queued.pod,
                                                           .node = {},
                                                           .first = queued.first,
                                                           .begun = clock().steady()});
    const auto outcome = algorithm.schedule(framework, placement->cycle, *queued.pod, cache);
    metrics.algorithmDuration.observe(clock().steady() - placement->begun);
    if (outcome.node) {
        place(std::move(placement), queued, outcome);
    } else {
        failed(queued, outcome);
        auto& duration = outcome.error ? metrics.errorDuration : metrics.unschedulableDuration;
        duration.observe(clock().steady() - placement->begun);
    }
}

void Scheduler::State::note(const QueuedPod& queued, const SchedulingAlgorithm::Outcome& outcome, std::string message) {
    const corev1::Pod& pod = *queued.pod->pod;
    placements.record(pod.metadata.namespace_, pod.metadata.name,
                      {.uid = pod.metadata.uid,
                       .scheduler = pod.spec.schedulerName,
                       .node = outcome.node ? outcome.node->name() : "",
                       .nominatedNode = outcome.nominatedNode.value_or(""),
                       .message = std::move(message),
                       .diagnosis = outcome.diagnosis,
                       .scores = outcome.scores,
                       .when = clock().now(),
                       .attempts = queued.attempts});
}

void Scheduler::State::place(std::shared_ptr<Placement> placement, const QueuedPod& queued,
                             const SchedulingAlgorithm::Outcome& outcome) {
    const PodInfoPtr& pod = placement->pod;
    const NodeInfo& node = *outcome.node;
    placement->node = node.name();
    const std::string nominated = cache.nominations().of(pod->uid());
    cache.assume(pod, node.name());
    Status status = placement->framework->reserve(placement->cycle, *pod, node);
    if (status.ok()) status = placement->framework->permit(placement->cycle, *pod, node);
    if (status.ok()) {
        note(queued, outcome, "");
        return bindLater(placement);
    }
    placement->framework->unreserve(placement->cycle, *pod, node.name());
    SchedulingAlgorithm::Outcome refused;
    if (status.rejected()) {
        refused.diagnosis = std::make_shared<Diagnosis>();
        refused.diagnosis->allNodes = 1;
        refused.diagnosis->add(node.sharedName(), status);
    } else {
        refused.error = Error{Reason::InternalError, status.message()};
    }
    cache.forget(pod->uid());
    cache.nominations().set(pod, nominated);
    failed(queued, refused);
}

void Scheduler::State::bindLater(const std::shared_ptr<Placement>& placement) {
    const bool prepares = placement->framework->hasPreBindWork(placement->cycle, *placement->pod, placement->node);
    writers.post([self = shared_from_this(), placement, prepares] {
        const client::CauseScope cause(revisionOf(placement->pod->pod->metadata));
        if (prepares) {
            self->preBindNow(placement);
        } else {
            self->bindNow(placement);
        }
    });
}

// While it waits, everybody can see for which node the Pod is meant (KEP-5278).
void Scheduler::State::preBindNow(const std::shared_ptr<Placement>& placement) {
    const corev1::Pod& pod = *placement->pod->pod;
    if (pod.status.nominatedNodeName != placement->node) {
        const auto patched = client::Api<corev1::Pod>(m_client).patch(
            pod.metadata.namespace_, pod.metadata.name, client::PatchKind::Strategic,
            nominationPatch(pod, placement->node), {}, "status");
        if (!patched)
            base::logger("scheduler")
                ->warn("nominating {} to {}: {}", nameOf(pod), placement->node, patched.error().message);
    }
    // The cycle's state lives as long as the placement.
    std::shared_ptr<CycleState> cycle(placement, &placement->cycle);
    placement->framework->preBind(std::move(cycle), placement->pod, placement->node,
                                  [weak = weak_from_this(), placement](const Result<void>& outcome) {
                                      const auto self = weak.lock();
                                      if (!self) return;
                                      if (outcome) {
                                          self->writers.post([self, placement] {
                                              const client::CauseScope cause(revisionOf(placement->pod->pod->metadata));
                                              self->bindNow(placement);
                                          });
                                      } else {
                                          self->onStrand([raw = self.get(), placement, outcome] {
                                              raw->bound(*placement, outcome);
                                              raw->kick();
                                          });
                                      }
                                  });
}

void Scheduler::State::bindNow(const std::shared_ptr<Placement>& placement) {
    client::WriteScope writes;
    const auto outcome = placement->framework->bind(*placement->pod->pod, placement->node);
    const auto ended = [self = shared_from_this(), placement](const Result<void>& how) {
        self->onStrand([raw = self.get(), placement, how] {
            raw->bound(*placement, how);
            raw->kick();
        });
        {
            std::lock_guard lock(self->mutex);
            --self->binding;
        }
        self->idle.notify_all();
    };
    {
        std::lock_guard lock(mutex);
        ++binding;
    }
    if (!outcome) return ended(outcome);
    // The Event stands behind the binding in the line for the disk.
    const corev1::Pod& pod = *placement->pod->pod;
    event(*placement->pod, pod, "Normal", "Scheduled",
          fmt::format("Successfully assigned {} to {}", nameOf(pod), placement->node));
    // This thread goes on with the next Pod while the disk takes this one's binding.
    writes.then(ended);
}

void Scheduler::State::bound(Placement& placement, const Result<void>& outcome) {
    const PodInfoPtr& pod = placement.pod;
    const std::string& uid = pod->uid();
    const base::SteadyTime now = clock().steady();
    if (outcome) {
        ++metrics.scheduled;
        metrics.scheduledDuration.observe(now - placement.begun);
        metrics.podDuration.observe(now - placement.first);
        placement.framework->settled(placement.cycle, *pod);
        return queue.done(uid);
    }
    placement.framework->unreserve(placement.cycle, *pod, placement.node);
    if (!cache.assumed(uid)) return;  // it was bound after all, or is gone
    cache.forget(uid);
    ++metrics.errors;
    metrics.errorDuration.observe(now - placement.begun);
    const corev1::Pod& object = *pod->pod;
    base::logger("scheduler")->warn("binding {} to {}: {}", nameOf(object), placement.node, outcome.error().message);
    placements.record(object.metadata.namespace_, object.metadata.name,
                      {.uid = uid,
                       .scheduler = object.spec.schedulerName,
                       .message = outcome.error().message,
                       .when = clock().now()});
    queue.returnAfterError(uid);
    happened({Happening::PodRemoved, pod->pod, nullptr});
    report(pod, {"SchedulerError", outcome.error().message, ""});
    rearm();
}

void Scheduler::State::failed(const QueuedPod& queued, const SchedulingAlgorithm::Outcome& outcome) {
    const PodInfoPtr& pod = queued.pod;
    if (outcome.error) {
        ++metrics.errors;
        note(queued, outcome, outcome.error->message);
        cache.nominations().remove(pod->uid());
        queue.returnAfterError(pod->uid());
        return report(pod, {"SchedulerError", outcome.error->message, ""});
    }
    ++metrics.unschedulable;
    if (outcome.nominatedNode) {
        ++metrics.preemptions;
        cache.nominations().set(pod, *outcome.nominatedNode);
    }
    const bool noNodes = outcome.diagnosis->allNodes == 0;
    const std::string message = noNodes ? "no nodes available to schedule pods" : outcome.diagnosis->message();
    note(queued, outcome, message);
    queue.returnUnschedulable(pod->uid(), outcome.diagnosis->rejectedBy);
    report(pod, {"Unschedulable", message, outcome.nominatedNode});
}

void Scheduler::State::report(const PodInfoPtr& pod, PodReport words) {
    event(*pod, *pod->pod, "Warning", "FailedScheduling", shortened(words.message));
    words.generation = pod->pod->metadata.generation;
    writers.post([self = shared_from_this(), pod = pod->pod, words = std::move(words)] {
        const client::CauseScope cause(revisionOf(pod->metadata));
        self->writeReport(pod, words);
    });
}

// Meanwhile the next attempt may have found a node, and its binding may be quicker than this: then there is nothing to say.
void Scheduler::State::writeReport(client::Ptr<corev1::Pod> pod, const PodReport& words) {
    const client::WriteScope unawaited;  // the next attempt says it again
    client::Api<corev1::Pod> pods(m_client);
    const std::string uid = pod->metadata.uid;
    for (int i = 0; i < kReportTries && pod->metadata.uid == uid && pod->spec.nodeName.empty(); ++i) {
        const auto patch = reportPatch(*pod, words, clock().now());
        if (!patch) return;
        const auto done =
            pods.patch(pod->metadata.namespace_, pod->metadata.name, client::PatchKind::Strategic, *patch, {}, "status");
        if (done || done.error().reason == Reason::NotFound) return;
        if (done.error().reason != Reason::Conflict)
            return base::logger("scheduler")->warn("writing the status of {}: {}", nameOf(*pod), done.error().message);
        auto newest = pods.get(pod->metadata.namespace_, pod->metadata.name);
        if (!newest) return;
        pod = std::move(*newest);
    }
}

}  // namespace qd::scheduler
