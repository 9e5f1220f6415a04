// What nodes and their Pods used between the last two readings of each node's counters.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/metrics_v1beta1.h"
#include "cluster/base/time.h"

namespace qd::control_plane {

// Counters as they stand at a time.
struct Counters {
    double cpuSeconds = 0;  // since the container or the machine started
    double memoryBytes = 0;
    base::WallTime at{};
};

struct NodeReading {
    std::optional<Counters> node;
    using Containers = std::map<std::string, Counters>;              // by container
    std::map<std::pair<std::string, std::string>, Containers> pods;  // by namespace and name
};

// What an agent answers at /metrics/resource. Samples without a time get `now`.
NodeReading readResourceMetrics(std::string_view text, base::WallTime now);

// Thread-safe. A container whose counter fell has been restarted: nothing is told of its Pod until the next reading.
class UsageTable {
public:
    void take(const std::string& node, NodeReading reading);
    // Uses that are known without counters, as those of hollow nodes.
    void set(const std::string& node, std::optional<metricsv1beta1::NodeMetrics> ofNode,
             std::vector<metricsv1beta1::PodMetrics> ofPods);
    void forget(const std::string& node);

    using NodePtr = std::shared_ptr<const metricsv1beta1::NodeMetrics>;
    using PodPtr = std::shared_ptr<const metricsv1beta1::PodMetrics>;
    std::vector<NodePtr> nodes() const;
    std::vector<PodPtr> pods(const std::string& ns) const;  // "" for all

private:
    struct Known {
        NodeReading last;
        NodePtr node;
        std::vector<PodPtr> pods;
    };
    mutable std::mutex m_mutex;
    std::map<std::string, Known> m_known;  // guarded by m_mutex
};

}  // namespace qd::control_plane
