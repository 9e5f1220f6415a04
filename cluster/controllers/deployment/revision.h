// The bookkeeping that a Deployment keeps in annotations: revisions, their history, and the sizes that its ReplicaSets
// were given last. kubectl rollout reads these; the words are upstream's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/apps_v1.h"
#include "cluster/client/typed.h"

namespace qd::controllers {

using ReplicaSets = std::vector<client::Ptr<appsv1::ReplicaSet>>;

inline constexpr char kRevisionAnnotation[] = "deployment.kubernetes.io/revision";
inline constexpr char kRevisionHistoryAnnotation[] = "deployment.kubernetes.io/revision-history";
inline constexpr char kDesiredReplicasAnnotation[] = "deployment.kubernetes.io/desired-replicas";
inline constexpr char kMaxReplicasAnnotation[] = "deployment.kubernetes.io/max-replicas";

// 0 when the object has none; nothing when the annotation is no number.
std::optional<std::int64_t> revisionAnnotationOf(const api::Object& object);
std::int64_t highestRevision(const ReplicaSets& sets);

// The desired size that a ReplicaSet was told last; nothing when it was told none or no sensible one.
std::optional<std::int32_t> desiredReplicasAnnotation(const appsv1::ReplicaSet& set);
std::optional<std::int32_t> maxReplicasAnnotation(const appsv1::ReplicaSet& set);
// Returns whether that changed anything.
bool setReplicasAnnotations(appsv1::ReplicaSet& set, std::int32_t desired, std::int32_t most);

// Copies the Deployment's annotations to its newest ReplicaSet and gives that at least the revision, remembering an
// earlier one in the history. Returns whether anything changed.
bool setNewReplicaSetAnnotations(const appsv1::Deployment& deployment, appsv1::ReplicaSet& newest, std::int64_t revision);

}  // namespace qd::controllers
