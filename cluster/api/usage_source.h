// What nodes and Pods use of processor and memory, as the metrics API (metrics.k8s.io) serves it and autoscalers read
// it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/api/types/metrics_v1beta1.h"

namespace qd::api {

// Thread-safe. Answers what was measured last: at most one entry a node or Pod, none for those of which nothing is
// known yet. A Pod's entry carries the Pod's labels, a node's those of the node.
class UsageSource {
public:
    virtual ~UsageSource() = default;
    virtual std::vector<std::shared_ptr<const metricsv1beta1::NodeMetrics>> nodes() const = 0;
    // An empty namespace means all.
    virtual std::vector<std::shared_ptr<const metricsv1beta1::PodMetrics>> pods(const std::string& ns) const = 0;
};

}  // namespace qd::api
