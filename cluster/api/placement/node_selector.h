// Which nodes a Pod asks for by spec.nodeSelector and spec.affinity.nodeAffinity.
// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/.
#pragma once

#include "cluster/api/types/core_v1.h"

namespace qd::api {

// Requirements of a term are all to hold. A term without any, or with one that cannot be read, matches no node.
bool matches(const corev1::NodeSelectorTerm& term, const corev1::Node& node);
// One term is enough.
bool matches(const corev1::NodeSelector& selector, const corev1::Node& node);
// The node selector and the required node affinity of a Pod.
bool matchesRequiredAffinity(const corev1::Pod& pod, const corev1::Node& node);
bool hasRequiredAffinity(const corev1::Pod& pod);

}  // namespace qd::api
