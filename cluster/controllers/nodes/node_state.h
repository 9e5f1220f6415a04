// What several controllers ask about Nodes, taints and tolerations. Pure.
// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"
#include "cluster/client/informer.h"

namespace qd::controllers {

const corev1::NodeCondition* nodeCondition(const corev1::Node& node, std::string_view type);
// "True", "False" or "Unknown"; empty when the node never said.
std::string readiness(const corev1::Node& node);

// Lets the Pod informer find Pods by their node.
void addNodeIndex(client::Informer& pods);
std::vector<api::ObjectPtr> podsOn(const client::Informer& pods, const std::string& node);

// How long a Pod with these tolerations may stay on a node with these NoExecute taints: 0 = not at all, nothing = forever.
std::optional<base::Duration> toleratedFor(const std::vector<corev1::Toleration>& tolerations, const std::vector<corev1::Taint>& taints);
std::vector<corev1::Taint> noExecuteTaints(const corev1::Node& node);

}  // namespace qd::controllers
