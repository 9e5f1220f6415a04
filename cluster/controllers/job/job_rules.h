// What a Job's rules say of its Pods. All functions are pure.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "cluster/api/types/batch_v1.h"
#include "cluster/base/time.h"
#include "cluster/controllers/job/completion_indexes.h"
#include "cluster/controllers/replicaset/replica_plan.h"

namespace qd::controllers {

inline constexpr char kJobTracking[] = "batch.kubernetes.io/job-tracking";  // the finalizer of Pods not counted yet

template <typename List, typename Value>
bool holds(const List& list, const Value& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

bool isIndexed(const batchv1::Job& job);
bool isSuspended(const batchv1::Job& job);
bool isFinished(const batchv1::Job& job);
// Managed by somebody else: not ours to touch.
bool isManagedElsewhere(const batchv1::Job& job);
bool replacesFailedOnly(const batchv1::Job& job);
bool isTracked(const corev1::Pod& pod);  // has the finalizer

// The Pod's index; nothing when it has none.
std::optional<int> completionIndex(const corev1::Pod& pod);
// The index, where it is one of the Job's.
std::optional<int> validIndex(const batchv1::Job& job, const corev1::Pod& pod);

// Whether the Pod counts as failed: also when it is being deleted, unless the Job replaces Pods only when they have
// ended.
bool hasFailed(const batchv1::Job& job, const corev1::Pod& pod);

// What the Pod failure policy says of a failed Pod.
struct FailureVerdict {
    bool counts = true;  // towards the back-off limit
    bool failsIndex = false;
    std::string failsJobBecause;  // empty: it does not
};
FailureVerdict judgeFailure(const batchv1::Job& job, const corev1::Pod& pod);
// Whether the Pod's index has failed with it, where there is a limit for each index.
bool failsItsIndex(const batchv1::Job& job, const corev1::Pod& pod);

// The message when the success policy is met.
std::optional<std::string> successByPolicy(const batchv1::Job& job, const CompletionIndexes& succeeded);

// Restarts count against the limit where the Pods' containers are restarted in place.
bool restartedTooOften(const batchv1::Job& job, const Pods& pods);

// When a Pod ended, as well as it can be told.
base::WallTime finishedAt(const corev1::Pod& pod);

// How long to wait after this many failures in a row, of which the last was then.
base::Duration backoffLeft(int failures, base::WallTime lastFailure, base::WallTime now);

// How often the index failed before this Pod: counted, and left uncounted by the policy.
struct IndexFailures {
    int counted = 0;
    int ignored = 0;
};
IndexFailures failuresBefore(const corev1::Pod& pod);

// The Pod that a Job makes, for an index or without one. `replaced` is the Pod whose place it takes in its index.
corev1::Pod podOfJob(const batchv1::Job& job, std::optional<int> index, const corev1::Pod* replaced);

}  // namespace qd::controllers
