// The counting half of a Job's sync.
#include <algorithm>

#include "cluster/controllers/job/job_sync.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr std::size_t kMostUncounted = 500;  // uids in a status

}  // namespace

bool JobSync::mayBeCounted(const corev1::Pod& pod, bool failed) const {
    if (m_job.metadata.deletionTimestamp || m_end || pod.status.phase == corev1::PodSucceeded) return true;
    if (!failed) return false;
    const auto index = completionIndex(pod);
    const auto held = index ? m_heldBack.find(*index) : m_heldBack.end();
    return held == m_heldBack.end() || held->second->metadata.uid != pod.metadata.uid;
}

void JobSync::countPod(const corev1::Pod& pod, bool failed) {
    auto& uncounted = *m_job.status.uncountedTerminatedPods;
    const std::string& uid = pod.metadata.uid;
    if (holds(uncounted.failed, uid)) return;
    const auto index = validIndex(m_job, pod);
    if (pod.status.phase == corev1::PodSucceeded) {
        // An index in completedIndexes needs no uid: it cannot be counted twice.
        if (isIndexed(m_job)) {
            if (index) m_done.add(*index);
        } else if (!holds(uncounted.succeeded, uid)) {
            uncounted.succeeded.push_back(uid);
        }
        return;
    }
    // When the Job has failed, every Pod that has not ended has failed with it.
    if (!failed && !(m_end && m_end->type != batchv1::JobSuccessCriteriaMet)) return;
    if (isIndexed(m_job) && !index) return;
    if (judgeFailure(m_job, pod).counts) uncounted.failed.push_back(uid);
}

// Notes in the status who is counted now, and answers whose finalizer may go then.
Pods JobSync::countPods() {
    if (isIndexed(m_job))
        std::ranges::stable_sort(m_pods, {}, [](const auto& pod) { return completionIndex(*pod).value_or(-1); });
    Pods counted;
    for (const auto& pod : m_pods) {
        const auto& uncounted = *m_job.status.uncountedTerminatedPods;
        if (uncounted.succeeded.size() + uncounted.failed.size() >= kMostUncounted) {
            again(base::Duration(1));
            m_end.reset();
            break;
        }
        const bool failed = hasFailed(m_job, *pod);
        if (!isTracked(*pod) || !mayBeCounted(*pod, failed)) continue;
        counted.push_back(pod);
        countPod(*pod, failed);
    }
    return counted;
}

// Uids of Pods without the finalizer, or that are gone, become numbers.
bool JobSync::forgetUncounted(const std::set<std::string>& tracked) {
    auto& status = m_job.status;
    const auto settleIn = [&](std::vector<std::string>& uids, std::int32_t& number) {
        const auto gone = std::erase_if(uids, [&](const std::string& uid) { return !tracked.contains(uid); });
        number += static_cast<std::int32_t>(gone);
        return gone > 0;
    };
    const bool succeeded = settleIn(status.uncountedTerminatedPods->succeeded, status.succeeded);
    return settleIn(status.uncountedTerminatedPods->failed, status.failed) || succeeded;
}

// The end is announced before the finalizers go, so that its reason outlives the Pods, and is final when all are
// counted.
void JobSync::announceEnd() {
    if (!m_end || m_end->type == batchv1::JobFailed) return;
    const bool failure = m_end->type == batchv1::JobFailureTarget;
    if (!trueCondition(m_end->type.c_str())) m_job.status.conditions.push_back(*m_end);
    m_end = condition(failure ? batchv1::JobFailed : batchv1::JobComplete, m_end->reason, m_end->message);
}

Result<void> JobSync::track() {
    std::set<std::string> tracked;
    for (const auto& pod : m_pods)
        if (isTracked(*pod)) tracked.insert(pod->metadata.uid);
    forgetUncounted(tracked);
    const Pods counted = countPods();
    if (isIndexed(m_job)) {
        m_job.status.succeeded = m_done.size();
        m_job.status.completedIndexes = m_done.toString();
        if (m_job.spec.backoffLimitPerIndex) m_job.status.failedIndexes = m_failedIndexes.toString();
    }
    announceEnd();
    if (auto written = writeStatus(); !written) return written;
    m_backoff = m_nextBackoff;
    auto released = release(counted, tracked);
    forgetUncounted(tracked);
    if (released) finish();
    if (auto written = writeStatus(); !written) return written;
    if (m_finished) tellFinish();
    return released;
}

Result<void> JobSync::release(const Pods& pods, std::set<std::string>& tracked) {
    Result<void> outcome;
    const std::string patch =
        std::string(R"({"metadata":{"$deleteFromPrimitiveList/finalizers":[")") + kJobTracking + "\"]}}";
    client::Api<corev1::Pod> api(m_around.context.client);
    for (const auto& pod : pods) {
        const auto& metadata = pod->metadata;
        const auto written =
            api.patch(metadata.namespace_, metadata.name, client::PatchKind::Strategic, patch, controllerPatch());
        if (!written && written.error().reason != Reason::NotFound) {
            outcome = fail(written.error().within("removing the finalizer of pod " + metadata.name));
            continue;
        }
        // A copy that still shows it would have it counted a second time.
        if (!written || ((*written)->metadata.deletionTimestamp && (*written)->metadata.finalizers.empty())) {
            m_around.expectations.gone(m_around.key, m_around.pods, *pod);
        } else {
            m_around.expectations.wrote(m_around.key, m_around.pods, **written);
        }
        tracked.erase(metadata.uid);
    }
    return outcome;
}

void JobSync::finish() {
    const auto& uncounted = *m_job.status.uncountedTerminatedPods;
    if (!m_end || !uncounted.succeeded.empty() || !uncounted.failed.empty() || m_terminating > 0) return;
    m_job.status.conditions.push_back(*m_end);
    if (m_end->type == batchv1::JobComplete) {
        // The clock may have been set back since, and a Job that ends before it began is refused: upstream's hangs
        // until the clock has caught up.
        const auto& started = m_job.status.startTime;
        m_job.status.completionTime =
            started ? std::max(*started, m_end->lastTransitionTime) : m_end->lastTransitionTime;
    }
    m_finished = true;
}

void JobSync::tellFinish() {
    auto& events = m_around.context.events;
    if (m_end->type != batchv1::JobComplete) return events.event(m_job, "Warning", m_end->reason, m_end->message);
    if (m_job.spec.completions && m_job.status.succeeded > *m_job.spec.completions)
        events.event(m_job, "Warning", "TooManySucceededPods",
                     "Too many succeeded pods running after completion count reached");
    events.event(m_job, "Normal", "Completed", "Job completed");
}

Result<void> JobSync::writeStatus() {
    if (m_job.status == m_written) return {};
    auto written = client::Api<batchv1::Job>(m_around.context.client).updateStatus(m_job, controllerWrite());
    if (!written) {
        if (written.error().reason == Reason::NotFound) return {};
        return fail(std::move(written.error()));
    }
    m_around.expectations.wrote(m_around.key, m_around.jobs, **written);
    m_job.metadata.resourceVersion = (*written)->metadata.resourceVersion;
    m_written = m_job.status;
    return {};
}

}  // namespace qd::controllers
