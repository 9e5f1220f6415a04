#include "cluster/controllers/job/job_sync.h"

#include <algorithm>

#include "cluster/controllers/pods/pod_state.h"

namespace qd::controllers {
namespace {

constexpr int kMostAtOnce = 500;  // Pods created or deleted in one sync

void sortByEnd(Pods& pods) {
    std::ranges::stable_sort(pods, {}, [](const auto& pod) { return finishedAt(*pod); });
}

}  // namespace

JobBackoff nextBackoff(JobBackoff backoff, const Pods& newSucceeded, const Pods& newFailed) {
    Pods failed = newFailed;
    sortByEnd(failed);
    if (newSucceeded.empty()) {
        backoff.failures += static_cast<int>(failed.size());
        if (!failed.empty()) backoff.last = finishedAt(*failed.back());
        return backoff;
    }
    Pods succeeded = newSucceeded;
    sortByEnd(succeeded);
    const base::WallTime success = finishedAt(*succeeded.back());
    backoff = {};
    for (const auto& pod : failed) {
        if (finishedAt(*pod) <= success) continue;
        ++backoff.failures;
        backoff.last = finishedAt(*pod);
    }
    return backoff;
}

JobSync::JobSync(Surroundings around, const batchv1::Job& job, Pods pods, JobBackoff& backoff)
    : m_around(around),
      m_job(job),
      m_written(job.status),
      m_pods(std::move(pods)),
      m_backoff(backoff),
      m_podControl(around.context.client, around.context.events),
      m_now(around.context.executor.clock().now()) {
    if (!m_job.status.uncountedTerminatedPods) m_job.status.uncountedTerminatedPods.emplace();
}

Result<Outcome> JobSync::run() {
    observe();
    begin();
    judge();
    Result<void> managed;
    if (m_end) {
        managed = end();
    } else {
        const bool manages = !m_job.metadata.deletionTimestamp;
        if (manages) managed = manage();
        settle(manages);
    }
    m_job.status.active = static_cast<std::int32_t>(m_active.size());
    m_job.status.ready = m_ready;
    m_job.status.terminating = m_terminating;
    if (auto tracked = track(); !tracked) return fail(tracked.error().within("tracking status"));
    if (!managed) return fail(managed.error());
    return Outcome{m_finished ? base::Duration(0) : m_again};
}

void JobSync::again(base::Duration delay) {
    delay = std::max<base::Duration>(delay, std::chrono::milliseconds(1));
    if (m_again == base::Duration(0) || delay < m_again) m_again = delay;
}

void JobSync::observe() {
    for (const auto& pod : m_pods) {
        if (isActive(*pod)) m_active.push_back(pod);
        if (isTerminating(*pod)) ++m_terminating;
    }
    m_ready = static_cast<int>(std::ranges::count_if(m_active, [](const auto& pod) { return isReady(*pod); }));
    const auto& uncounted = *m_job.status.uncountedTerminatedPods;
    const Pods succeeded = uncountedPods(uncounted.succeeded, true), failed = uncountedPods(uncounted.failed, false);
    m_succeeded = m_job.status.succeeded + static_cast<int>(succeeded.size() + uncounted.succeeded.size());
    const auto counted =
        std::ranges::count_if(failed, [&](const auto& pod) { return judgeFailure(m_job, *pod).counts; });
    m_failed = m_job.status.failed + static_cast<int>(counted) + static_cast<int>(uncounted.failed.size());
    m_nextBackoff = nextBackoff(m_backoff, succeeded, failed);
}

Pods JobSync::uncountedPods(const std::vector<std::string>& uncounted, bool succeeded) const {
    Pods found;
    for (const auto& pod : m_pods) {
        if (!isTracked(*pod) || holds(uncounted, pod->metadata.uid)) continue;
        if (isIndexed(m_job) && !validIndex(m_job, *pod)) continue;
        if (succeeded ? pod->status.phase == corev1::PodSucceeded : hasFailed(m_job, *pod)) found.push_back(pod);
    }
    return found;
}

void JobSync::begin() {
    if (!m_job.status.startTime && !isSuspended(m_job)) m_job.status.startTime = api::Time(m_now);
}

// --- whether the Job ends

JobSync::Condition JobSync::condition(const char* type, const std::string& reason, const std::string& message) const {
    Condition made;
    made.type = type;
    made.status = corev1::ConditionTrue;
    made.lastProbeTime = made.lastTransitionTime = api::Time(m_now);
    made.reason = reason;
    made.message = message;
    return made;
}

const JobSync::Condition* JobSync::trueCondition(const char* type) const {
    const auto& conditions = m_job.status.conditions;
    const auto found = std::ranges::find_if(
        conditions, [&](const auto& one) { return one.type == type && one.status == corev1::ConditionTrue; });
    return found == conditions.end() ? nullptr : &*found;
}

void JobSync::judge() {
    if (const auto* met = trueCondition(batchv1::JobSuccessCriteriaMet)) m_end = *met;
    if (!m_end) {
        if (const auto* target = trueCondition(batchv1::JobFailureTarget))
            m_end = condition(batchv1::JobFailed, target->reason, target->message);
    }
    if (!m_end) judgeFailures();
    if (isIndexed(m_job)) judgeIndexes();
}

void JobSync::judgeFailures() {
    for (const auto& pod : m_pods) {
        if (!m_job.spec.podFailurePolicy || !hasFailed(m_job, *pod)) continue;
        const std::string why = judgeFailure(m_job, *pod).failsJobBecause;
        if (why.empty()) continue;
        m_end = condition(batchv1::JobFailureTarget, batchv1::JobReasonPodFailurePolicy, why);
        return;
    }
    if (m_failed > m_job.spec.backoffLimit.value_or(6) || restartedTooOften(m_job, m_pods)) {
        m_end = condition(batchv1::JobFailureTarget, batchv1::JobReasonBackoffLimitExceeded,
                          "Job has reached the specified backoff limit");
        return;
    }
    if (!m_job.spec.activeDeadlineSeconds || isSuspended(m_job) || !m_job.status.startTime) return;
    const base::WallTime deadline =
        m_job.status.startTime->wall() + std::chrono::seconds(*m_job.spec.activeDeadlineSeconds);
    if (m_now >= deadline)
        m_end = condition(batchv1::JobFailureTarget, batchv1::JobReasonDeadlineExceeded,
                          "Job was active longer than specified deadline");
    else
        again(deadline - m_now);
}

void JobSync::judgeIndexes() {
    const int completions = m_job.spec.completions.value_or(0);
    m_doneBefore = CompletionIndexes::parse(m_job.status.completedIndexes, completions);
    m_done = m_doneBefore;
    for (const auto& pod : m_pods)
        if (const auto index = validIndex(m_job, *pod);
            index && isTracked(*pod) && pod->status.phase == corev1::PodSucceeded)
            m_done.add(*index);
    m_succeeded = m_done.size();
    if (m_job.spec.backoffLimitPerIndex) {
        m_failedIndexes = CompletionIndexes::parse(m_job.status.failedIndexes.value_or(""), completions);
        for (const auto& pod : m_pods)
            if (const auto index = validIndex(m_job, *pod); index && isTracked(*pod) && failsItsIndex(m_job, *pod))
                m_failedIndexes.add(*index);
        const int failed = m_failedIndexes.size();
        if (!m_end && m_job.spec.maxFailedIndexes && failed > *m_job.spec.maxFailedIndexes)
            m_end = condition(batchv1::JobFailureTarget, batchv1::JobReasonMaxFailedIndexesExceeded,
                              "Job has exceeded the specified maximal number of failed indexes");
        else if (!m_end && failed > 0 && failed + m_done.size() >= completions)
            m_end = condition(batchv1::JobFailureTarget, batchv1::JobReasonFailedIndexes, "Job has failed indexes");
        m_heldBack = heldBack();
    }
    if (m_end) return;
    if (const auto met = successByPolicy(m_job, m_done))
        m_end = condition(batchv1::JobSuccessCriteriaMet, batchv1::JobReasonSuccessPolicy, *met);
}

// The last failed Pod of each index that is to be tried again: it stays until the next one is there, which carries its
// count on.
std::map<int, client::Ptr<corev1::Pod>> JobSync::heldBack() const {
    std::set<int> active;
    for (const auto& pod : m_active)
        if (const auto index = completionIndex(*pod)) active.insert(*index);
    std::map<int, client::Ptr<corev1::Pod>> held;
    for (const auto& pod : m_pods) {
        const auto index = validIndex(m_job, *pod);
        if (!index || !isTracked(*pod) || !hasFailed(m_job, *pod)) continue;
        if (m_done.contains(*index) || m_failedIndexes.contains(*index) || active.contains(*index)) continue;
        auto& last = held[*index];
        const auto count = [](const corev1::Pod& of) {
            return failuresBefore(of).counted + failuresBefore(of).ignored;
        };
        if (!last || (count(*last) <= count(*pod) && finishedAt(*pod) >= finishedAt(*last))) last = pod;
    }
    return held;
}

Result<void> JobSync::end() {
    auto removed = remove(Pods(m_active));
    if (!m_active.empty()) m_end.reset();  // not while there are Pods of it that go on
    return removed;
}

void JobSync::settle(bool managed) {
    const bool complete = m_job.spec.completions ? m_succeeded >= *m_job.spec.completions : m_succeeded > 0;
    if (complete && m_active.empty()) {
        m_end = condition(batchv1::JobSuccessCriteriaMet, batchv1::JobReasonCompletionsReached,
                          "Reached expected number of succeeded pods");
    } else if (managed) {
        setSuspended();
    }
}

void JobSync::setSuspended() {
    auto& conditions = m_job.status.conditions;
    const bool suspended = isSuspended(m_job);
    auto found = std::ranges::find(conditions, batchv1::JobSuspended, &Condition::type);
    if (found == conditions.end()) {
        if (!suspended) return;
        conditions.push_back(condition(batchv1::JobSuspended, "", ""));
        found = conditions.end() - 1;
    } else if ((found->status == corev1::ConditionTrue) == suspended) {
        return;
    }
    *found = condition(batchv1::JobSuspended, suspended ? "JobSuspended" : "JobResumed",
                       suspended ? "Job suspended" : "Job resumed");
    if (!suspended) found->status = corev1::ConditionFalse;
    m_around.context.events.event(m_job, "Normal", suspended ? "Suspended" : "Resumed", found->message);
    // A deadline counts from when the Job goes on.
    m_job.status.startTime = suspended ? std::nullopt : std::optional(api::Time(m_now));
}

// --- Pods

int JobSync::wantedActive() const {
    const int parallelism = m_job.spec.parallelism.value_or(1);
    if (!m_job.spec.completions) return m_succeeded > 0 ? static_cast<int>(m_active.size()) : parallelism;
    return std::clamp(*m_job.spec.completions - m_succeeded, 0, parallelism);
}

// Those beyond the wanted number, and of an indexed Job all but one of each index.
Pods JobSync::surplus(int wanted) const {
    const int excess = std::max(0, static_cast<int>(m_active.size()) - wanted);
    Pods doomed, rest;
    if (isIndexed(m_job)) {
        std::map<int, Pods> byIndex;
        for (const auto& pod : m_active) {
            const auto index = validIndex(m_job, *pod);
            index ? byIndex[*index].push_back(pod) : doomed.push_back(pod);
        }
        for (const auto& [index, pods] : byIndex) {
            const Pods ordered = inDeletionOrder(pods, {}, m_now);
            doomed.insert(doomed.end(), ordered.begin(), ordered.end() - 1);
            rest.push_back(ordered.back());
        }
    } else {
        rest = m_active;
    }
    for (const auto& pod : inDeletionOrder(rest, {}, m_now)) {
        if (static_cast<int>(doomed.size()) >= excess) break;
        doomed.push_back(pod);
    }
    if (doomed.size() > kMostAtOnce) doomed.resize(kMostAtOnce);
    return doomed;
}

Result<void> JobSync::manage() {
    if (isSuspended(m_job)) return remove(Pods(m_active));
    const int wanted = wantedActive();
    // Either deletes or creates, never both in one sync.
    if (const Pods doomed = surplus(wanted); !doomed.empty()) return remove(doomed);
    const int missing = wanted - static_cast<int>(m_active.size()) - (replacesFailedOnly(m_job) ? m_terminating : 0);
    if (missing <= 0) return {};
    if (!m_job.spec.backoffLimitPerIndex) {
        const base::Duration wait = backoffLeft(m_nextBackoff.failures, m_nextBackoff.last, m_now);
        if (wait > base::Duration(0)) {
            again(wait);
            return {};
        }
    }
    return create(std::min(missing, kMostAtOnce));
}

Result<void> JobSync::remove(const Pods& pods) {
    Result<void> outcome;
    for (const auto& pod : pods) {
        if (auto gone = m_podControl.remove(*pod, m_job); !gone) {
            outcome = std::move(gone);
            continue;
        }
        m_around.expectations.removed(m_around.key, m_around.pods, *pod);
        std::erase(m_active, pod);
        ++m_terminating;
        if (isReady(*pod)) --m_ready;
    }
    return outcome;
}

// The lowest indexes that nothing is done for; those that back off are left out.
std::vector<int> JobSync::pendingIndexes(int count) {
    CompletionIndexes taken = m_done;
    taken.add(m_failedIndexes);
    for (const auto& pod : m_pods) {
        const auto index = completionIndex(*pod);
        if (index && (isActive(*pod) || (replacesFailedOnly(m_job) && isTerminating(*pod)))) taken.add(*index);
    }
    std::vector<int> pending;
    base::Duration shortest{0};
    for (int index = 0; index < *m_job.spec.completions && static_cast<int>(pending.size()) < count; ++index) {
        if (taken.contains(index)) continue;
        const auto held = m_heldBack.find(index);
        if (held != m_heldBack.end()) {
            const IndexFailures before = failuresBefore(*held->second);
            const base::Duration wait =
                backoffLeft(before.counted + before.ignored + 1, finishedAt(*held->second), m_now);
            if (wait > base::Duration(0)) {
                if (shortest == base::Duration(0) || wait < shortest) shortest = wait;
                --count;  // it will take this place
                continue;
            }
        }
        pending.push_back(index);
    }
    if (shortest > base::Duration(0)) again(shortest);
    return pending;
}

// Stops at the first failure: what keeps one Pod from being made is likely to keep all the others too.
Result<void> JobSync::create(int count) {
    std::vector<std::optional<int>> places(static_cast<std::size_t>(count));
    if (isIndexed(m_job)) {
        const std::vector<int> indexes = pendingIndexes(count);
        places.assign(indexes.begin(), indexes.end());
    }
    for (const auto& index : places) {
        const auto held = index ? m_heldBack.find(*index) : m_heldBack.end();
        const corev1::Pod pod = podOfJob(m_job, index, held == m_heldBack.end() ? nullptr : held->second.get());
        auto created = m_podControl.create(pod, m_job);
        if (!created) {
            if (isNamespaceTerminating(created.error())) return {};
            return fail(std::move(created.error()));
        }
        m_around.expectations.wrote(m_around.key, m_around.pods, **created);
        m_active.push_back(*created);
    }
    return {};
}

}  // namespace qd::controllers
