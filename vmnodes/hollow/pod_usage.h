// What a Pod on a hollow node uses, where nothing really runs: by its annotations, for each of its containers.
//
//     hollow.quarterdeck.dev/cpu: 250m        (default 1m)
//     hollow.quarterdeck.dev/memory: 64Mi     (default 4Mi)
//
// and what its program would say of itself, as one number a metric or as Prometheus' text format has it:
//
//     hollow.quarterdeck.dev/metric.http_requests: "12"
//     hollow.quarterdeck.dev/metrics: |
//       queue_messages_ready{queue="mail"} 30
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/metrics_v1beta1.h"

namespace qd::api::core::v1 {
struct Pod;
}

namespace qd::hollow {

// Nothing of a Pod that does not run. An annotation that is no quantity counts as absent.
std::optional<metricsv1beta1::PodMetrics> usageOf(const api::core::v1::Pod& pod, base::WallTime now);
// The sum over a node's Pods, and what the node itself would use.
metricsv1beta1::NodeMetrics usageOfNode(const std::string& node, const std::vector<metricsv1beta1::PodMetrics>& pods,
                                        base::WallTime now);
// In Prometheus' text format; empty when the Pod does not run or says nothing.
std::string metricsOf(const api::core::v1::Pod& pod);

}  // namespace qd::hollow
