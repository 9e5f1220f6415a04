#include "cluster/controllers/job/job_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/pods/pod_state.h"

namespace qd::controllers {
namespace {

constexpr char kIndex[] = "batch.kubernetes.io/job-completion-index";  // annotation and label
constexpr char kFailures[] = "batch.kubernetes.io/job-index-failure-count";
constexpr char kIgnored[] = "batch.kubernetes.io/job-index-ignored-failure-count";
constexpr char kIndexVariable[] = "JOB_COMPLETION_INDEX";
constexpr base::Duration kFirstBackoff = std::chrono::seconds(10);
constexpr base::Duration kLongestBackoff = std::chrono::minutes(10);
constexpr std::size_t kLongestPrefix = 58;  // of a generated name

int numberIn(const corev1::Pod& pod, const char* annotation, int otherwise) {
    const auto found = pod.metadata.annotations.find(annotation);
    if (found == pod.metadata.annotations.end()) return otherwise;
    int value = 0;
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value >= 0 ? value : otherwise;
}

const corev1::ContainerStatus* matching(const std::vector<corev1::ContainerStatus>& statuses,
                                        const batchv1::PodFailurePolicyOnExitCodesRequirement& codes) {
    for (const auto& one : statuses) {
        if (!one.state.terminated || one.state.terminated->exitCode == 0) continue;
        if (codes.containerName && *codes.containerName != one.name) continue;
        const bool listed = holds(codes.values, one.state.terminated->exitCode);
        if (codes.operator_ == batchv1::PodFailurePolicyOnExitCodesOpIn ? listed : !listed) return &one;
    }
    return nullptr;
}

// Why the rule applies to the Pod; nothing when it does not.
std::optional<std::string> reasonToApply(const batchv1::PodFailurePolicyRule& rule, const corev1::Pod& pod) {
    const std::string name = pod.metadata.namespace_ + "/" + pod.metadata.name;
    if (rule.onExitCodes) {
        const auto* status = matching(pod.status.containerStatuses, *rule.onExitCodes);
        if (!status) status = matching(pod.status.initContainerStatuses, *rule.onExitCodes);
        if (!status) return std::nullopt;
        return fmt::format("Container {} for pod {} failed with exit code {}", status->name, name,
                           status->state.terminated->exitCode);
    }
    for (const auto& condition : pod.status.conditions)
        for (const auto& pattern : rule.onPodConditions)
            if (condition.type == pattern.type && condition.status == pattern.status)
                return fmt::format("Pod {} has condition {}", name, condition.type);
    return std::nullopt;
}

// The latest end of these containers; nothing while one has not ended.
bool latestEnd(const std::vector<corev1::ContainerStatus>& statuses, const auto& counts,
               std::optional<base::WallTime>& latest) {
    for (const auto& one : statuses) {
        if (!counts(one)) continue;
        if (!one.state.terminated || one.state.terminated->finishedAt.isZero()) return false;
        const base::WallTime end = one.state.terminated->finishedAt.wall();
        if (!latest || *latest < end) latest = end;
    }
    return true;
}

void addIndexVariable(corev1::Container& container) {
    if (std::ranges::find(container.env, kIndexVariable, &corev1::EnvVar::name) != container.env.end()) return;
    auto& variable = container.env.emplace_back();
    variable.name = kIndexVariable;
    variable.valueFrom.emplace().fieldRef.emplace().fieldPath = fmt::format("metadata.labels['{}']", kIndex);
}

}  // namespace

bool isIndexed(const batchv1::Job& job) {
    return job.spec.completionMode == batchv1::IndexedCompletion;
}
bool isSuspended(const batchv1::Job& job) {
    return job.spec.suspend.value_or(false);
}

bool isFinished(const batchv1::Job& job) {
    return std::ranges::any_of(job.status.conditions, [](const auto& condition) {
        return (condition.type == batchv1::JobComplete || condition.type == batchv1::JobFailed) &&
               condition.status == corev1::ConditionTrue;
    });
}

bool isManagedElsewhere(const batchv1::Job& job) {
    return job.spec.managedBy && *job.spec.managedBy != batchv1::JobControllerName;
}

bool replacesFailedOnly(const batchv1::Job& job) {
    return job.spec.podReplacementPolicy == "Failed" || job.spec.podFailurePolicy;
}

bool isTracked(const corev1::Pod& pod) {
    return holds(pod.metadata.finalizers, kJobTracking);
}

std::optional<int> completionIndex(const corev1::Pod& pod) {
    const int index = numberIn(pod, kIndex, -1);
    return index < 0 ? std::nullopt : std::optional(index);
}

std::optional<int> validIndex(const batchv1::Job& job, const corev1::Pod& pod) {
    const auto index = completionIndex(pod);
    return index && *index < job.spec.completions.value_or(0) ? index : std::nullopt;
}

bool hasFailed(const batchv1::Job& job, const corev1::Pod& pod) {
    if (pod.status.phase == corev1::PodFailed) return true;
    if (replacesFailedOnly(job)) return false;
    return pod.metadata.deletionTimestamp && pod.status.phase != corev1::PodSucceeded;
}

FailureVerdict judgeFailure(const batchv1::Job& job, const corev1::Pod& pod) {
    FailureVerdict verdict;
    if (!job.spec.podFailurePolicy) return verdict;
    int number = -1;
    for (const auto& rule : job.spec.podFailurePolicy->rules) {
        ++number;
        const auto reason = reasonToApply(rule, pod);
        if (!reason) continue;
        verdict.counts = rule.action != batchv1::PodFailurePolicyActionIgnore;
        verdict.failsIndex = rule.action == batchv1::PodFailurePolicyActionFailIndex;
        if (rule.action == batchv1::PodFailurePolicyActionFailJob)
            verdict.failsJobBecause = fmt::format("{} matching {} rule at index {}", *reason, rule.action, number);
        return verdict;
    }
    return verdict;
}

bool failsItsIndex(const batchv1::Job& job, const corev1::Pod& pod) {
    if (!hasFailed(job, pod)) return false;
    const FailureVerdict verdict = judgeFailure(job, pod);
    return verdict.failsIndex ||
           (verdict.counts && failuresBefore(pod).counted >= job.spec.backoffLimitPerIndex.value_or(0));
}

std::optional<std::string> successByPolicy(const batchv1::Job& job, const CompletionIndexes& succeeded) {
    if (!job.spec.successPolicy || succeeded.empty()) return std::nullopt;
    int number = -1;
    for (const auto& rule : job.spec.successPolicy->rules) {
        ++number;
        bool met = false;
        if (rule.succeededIndexes) {
            const auto needed = CompletionIndexes::parse(*rule.succeededIndexes, job.spec.completions.value_or(0));
            if (needed.empty()) continue;
            const int there = needed.sharedWith(succeeded);
            met = there == needed.size() || (rule.succeededCount && there >= *rule.succeededCount);
        } else {
            met = rule.succeededCount && succeeded.size() >= *rule.succeededCount;
        }
        if (met) return fmt::format("Matched rules at index {}", number);
    }
    return std::nullopt;
}

bool restartedTooOften(const batchv1::Job& job, const Pods& pods) {
    if (job.spec.template_.spec.restartPolicy != corev1::RestartPolicyOnFailure) return false;
    std::int32_t restarts = 0;
    for (const auto& pod : pods) {
        if (pod->status.phase != corev1::PodRunning && pod->status.phase != corev1::PodPending) continue;
        for (const auto& one : pod->status.initContainerStatuses) restarts += one.restartCount;
        for (const auto& one : pod->status.containerStatuses) restarts += one.restartCount;
    }
    const std::int32_t limit = job.spec.backoffLimit.value_or(6);
    return limit == 0 ? restarts > 0 : restarts >= limit;
}

base::WallTime finishedAt(const corev1::Pod& pod) {
    std::optional<base::WallTime> end;
    const auto isSidecar = [&](const corev1::ContainerStatus& status) {
        const auto container = std::ranges::find(pod.spec.initContainers, status.name, &corev1::Container::name);
        return container != pod.spec.initContainers.end() &&
               container->restartPolicy == corev1::ContainerRestartPolicyAlways;
    };
    const bool allEnded = latestEnd(
                              pod.status.containerStatuses, [](const auto&) { return true; }, end) &&
                          latestEnd(pod.status.initContainerStatuses, isSidecar, end);
    if (allEnded && end) return *end;
    const auto* ready = podCondition(pod.status, corev1::PodReady);
    if (ready && ready->status == corev1::ConditionFalse && !ready->lastTransitionTime.isZero())
        return ready->lastTransitionTime.wall();
    if (pod.metadata.deletionTimestamp)
        return pod.metadata.deletionTimestamp->wall() -
               std::chrono::seconds(pod.metadata.deletionGracePeriodSeconds.value_or(0));
    return pod.metadata.creationTimestamp.wall();
}

base::Duration backoffLeft(int failures, base::WallTime lastFailure, base::WallTime now) {
    if (failures <= 0) return base::Duration(0);
    base::Duration wait = kFirstBackoff;
    for (int i = 1; i < failures && wait < kLongestBackoff; ++i) wait *= 2;
    wait = std::min(wait, kLongestBackoff);
    return std::max(base::Duration(0), lastFailure + wait - now);
}

IndexFailures failuresBefore(const corev1::Pod& pod) {
    return {.counted = numberIn(pod, kFailures, 0), .ignored = numberIn(pod, kIgnored, 0)};
}

corev1::Pod podOfJob(const batchv1::Job& job, std::optional<int> index, const corev1::Pod* replaced) {
    corev1::Pod pod = podFromTemplate(job.spec.template_, job);
    if (!isTracked(pod)) pod.metadata.finalizers.emplace_back(kJobTracking);
    if (!index) return pod;
    for (auto& container : pod.spec.initContainers) addIndexVariable(container);
    for (auto& container : pod.spec.containers) addIndexVariable(container);
    const std::string number = std::to_string(*index), ending = "-" + number + "-";
    pod.metadata.annotations[kIndex] = number;
    pod.metadata.labels[kIndex] = number;
    pod.spec.hostname = job.metadata.name + "-" + number;
    pod.metadata.generateName = job.metadata.name.substr(0, kLongestPrefix - ending.size()) + ending;
    if (!job.spec.backoffLimitPerIndex) return pod;
    IndexFailures failures;
    if (replaced) {
        failures = failuresBefore(*replaced);
        ++(judgeFailure(job, *replaced).counts ? failures.counted : failures.ignored);
    }
    pod.metadata.annotations[kFailures] = std::to_string(failures.counted);
    if (failures.ignored > 0) pod.metadata.annotations[kIgnored] = std::to_string(failures.ignored);
    return pod;
}

}  // namespace qd::controllers
