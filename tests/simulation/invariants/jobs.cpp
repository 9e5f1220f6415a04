#include "tests/simulation/invariants/jobs.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::simulation {
namespace {

constexpr const char* kFinalizer = "batch.kubernetes.io/job-tracking";

bool isHeld(const corev1::Pod& pod) {
    return std::ranges::find(pod.metadata.finalizers, kFinalizer) != pod.metadata.finalizers.end();
}

bool has(const batchv1::JobStatus& status, std::string_view condition) {
    return std::ranges::any_of(status.conditions,
                               [&](const auto& each) { return each.type == condition && each.status == "True"; });
}

std::size_t countedSucceeded(const batchv1::JobStatus& status) {
    return static_cast<std::size_t>(status.succeeded) +
           (status.uncountedTerminatedPods ? status.uncountedTerminatedPods->succeeded.size() : 0);
}
std::size_t countedFailed(const batchv1::JobStatus& status) {
    return static_cast<std::size_t>(status.failed) +
           (status.uncountedTerminatedPods ? status.uncountedTerminatedPods->failed.size() : 0);
}

// A Pod that is being deleted may succeed before the Job hears of it.
bool countsAsFailed(const batchv1::JobStatus& status, const std::string& uid) {
    const auto* uncounted = status.uncountedTerminatedPods.get();
    return uncounted && std::ranges::find(uncounted->failed, uid) != uncounted->failed.end();
}

}  // namespace

std::optional<std::string> JobsInvariant::see(const Commit& commit) {
    if (commit.object().metadata.namespace_ != m_ns) return std::nullopt;
    if (const auto* job = api::objectAs<batchv1::Job>(commit.object())) return seeJob(commit, *job);
    const auto* pod = api::objectAs<corev1::Pod>(commit.object());
    const auto* owner = controllerOf(commit.object());
    if (!pod || !owner || owner->kind != "Job") return std::nullopt;
    const auto found = m_jobs.find(owner->uid);
    return found == m_jobs.end() ? std::nullopt : seePod(commit, *pod, found->second);
}

std::optional<std::string> JobsInvariant::judgeCounts(const JobState& job) {
    if (countedSucceeded(job.status) > job.succeeded.size())
        return fmt::format("{} counts {} Pods as succeeded, {} have", job.name, countedSucceeded(job.status),
                           job.succeeded.size());
    if (countedFailed(job.status) > job.failed.size())
        return fmt::format("{} counts {} Pods as failed, {} have", job.name, countedFailed(job.status),
                           job.failed.size());
    // An indexed Job counts indexes, whose Pods may have succeeded twice.
    const bool indexed = job.spec.completionMode == "Indexed";
    if (!indexed && countedSucceeded(job.status) < job.released.size() && !job.gone) {
        return fmt::format("{} counts {} Pods as succeeded, and {} that did so have lost their finalizer", job.name,
                           countedSucceeded(job.status), job.released.size());
    }
    return std::nullopt;
}

std::optional<std::string> JobsInvariant::judgeEnd(const JobState& job, const batchv1::JobStatus& before) {
    const auto& status = job.status;
    // A Job of no fixed size is started anew when it is resumed; nothing is ever counted down.
    if (status.succeeded < before.succeeded || status.failed < before.failed) {
        return fmt::format("{} counted {} succeeded and {} failed, now {} and {}", job.name, before.succeeded,
                           before.failed, status.succeeded, status.failed);
    }
    for (const char* end : {"Complete", "Failed"}) {
        if (has(before, end) && !has(status, end)) return fmt::format("{} was {} and is not any more", job.name, end);
    }
    if (has(status, "Complete") && has(status, "Failed"))
        return fmt::format("{} is both complete and failed", job.name);
    if (!has(status, "Complete") || has(before, "Complete") || !job.spec.completions) return std::nullopt;
    if (status.succeeded != *job.spec.completions)
        return fmt::format("{} is complete with {} of {}", job.name, status.succeeded, *job.spec.completions);
    return std::nullopt;
}

std::optional<std::string> JobsInvariant::judgeFailed(const JobState& job, const batchv1::JobStatus& before,
                                                      base::SteadyTime when) {
    const bool ends = has(job.status, "FailureTarget") || has(job.status, "SuccessCriteriaMet") ||
                      has(job.status, "Failed") || has(job.status, "Complete") || job.gone;
    if (!job.status.uncountedTerminatedPods) return std::nullopt;
    for (const auto& uid : job.status.uncountedTerminatedPods->failed) {
        if (countsAsFailed(before, uid)) continue;
        const auto succeeded = job.succeeded.find(uid);
        if (succeeded != job.succeeded.end() && when - succeeded->second > kLate)
            return fmt::format("{} counts the Pod {} as failed, which is known to have succeeded", job.name, uid);
        if (!ends && !job.failed.contains(uid))
            return fmt::format("{} counts the Pod {} as failed, which has not failed and is not being deleted",
                               job.name, uid);
    }
    return std::nullopt;
}

std::optional<std::string> JobsInvariant::seeJob(const Commit& commit, const batchv1::Job& job) {
    JobState& state = m_jobs[job.metadata.uid];
    state.name = job.metadata.name;
    state.gone = commit.gone() || job.metadata.deletionTimestamp;
    const auto before = state.status;
    if (commit.created() || job.spec != state.spec) state.changed = commit.when;
    state.spec = job.spec;
    state.status = job.status;
    if (commit.gone()) return std::nullopt;
    if (auto broken = judgeEnd(state, before)) return broken;
    if (auto broken = judgeFailed(state, before, commit.when)) return broken;
    return judgeCounts(state);
}

std::optional<std::string> JobsInvariant::seePod(const Commit& commit, const corev1::Pod& pod, JobState& job) {
    const std::string& uid = pod.metadata.uid;
    const bool active = !commit.gone() && isActive(pod);
    if (pod.status.phase == "Succeeded") job.succeeded.try_emplace(uid, commit.when);
    // A Pod that goes counts as failed, unless it has succeeded.
    if (pod.status.phase == "Failed" || pod.metadata.deletionTimestamp || commit.gone()) job.failed.insert(uid);
    if (active) {
        job.active.insert(uid);
    } else {
        job.active.erase(uid);
    }
    if (!commit.gone() && isHeld(pod)) {
        job.held.insert(uid);
    } else if (job.held.erase(uid) > 0 && pod.status.phase == "Succeeded" && !countsAsFailed(job.status, uid)) {
        job.released.insert(uid);
    }
    if (commit.created() && commit.when - job.changed > kLate) {
        const auto parallelism = static_cast<std::size_t>(job.spec.parallelism.value_or(1));
        if (job.active.size() > parallelism)
            return fmt::format("{} is given {} Pods, its parallelism is {}", job.name, job.active.size(), parallelism);
        if (job.spec.completions && job.active.size() + static_cast<std::size_t>(job.status.succeeded) >
                                        static_cast<std::size_t>(*job.spec.completions)) {
            return fmt::format("{} is given {} Pods, {} of {} have succeeded", job.name, job.active.size(),
                               job.status.succeeded, *job.spec.completions);
        }
        if (has(job.status, "Complete") || has(job.status, "Failed"))
            return fmt::format("{} is given a Pod although it has finished", job.name);
    }
    return judgeCounts(job);
}

std::optional<std::string> JobsInvariant::restless() const {
    for (const auto& [uid, job] : m_jobs) {
        const bool finished = job.gone || has(job.status, "Complete") || has(job.status, "Failed");
        if (finished && !job.held.empty())
            return fmt::format("{} has finished, and {} of its Pods are held by the finalizer", job.name,
                               job.held.size());
        if (finished && !job.gone && job.status.uncountedTerminatedPods &&
            !(job.status.uncountedTerminatedPods->succeeded.empty() &&
              job.status.uncountedTerminatedPods->failed.empty())) {
            return fmt::format("{} has finished and is still counting", job.name);
        }
    }
    return std::nullopt;
}

}  // namespace qd::simulation
