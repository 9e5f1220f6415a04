#pragma once

#include <vector>

#include "app/views/nodes_model.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::models {

// A node's state in the reader's terms.
struct NodeSummary {
    views::State state = views::State::Unknown;
    QString word;
    QString why;
};
NodeSummary summarize(const corev1::Node& node, base::WallTime now);

// The cards of the nodes with the Pods on them. Requests are summed as the scheduler counts them: of each Pod that has
// not ended, the larger of its containers' sum and its largest init container. Pure.
views::NodesModel buildNodes(const std::vector<const corev1::Node*>& nodes, const std::vector<const corev1::Pod*>& pods,
                             base::WallTime now);

}  // namespace qd::models
