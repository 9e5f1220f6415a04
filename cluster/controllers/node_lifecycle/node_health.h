// Whether a node is alive, and which taints it should have for it. Pure.
// Source: https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller and .../reference/node/node-status/.
#pragma once

#include <optional>
#include <vector>

#include "cluster/api/types/coordination_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::controllers {

inline constexpr base::Duration kMonitorPeriod = std::chrono::seconds(5);
inline constexpr base::Duration kMonitorGrace = std::chrono::seconds(50);
inline constexpr base::Duration kStartupGrace = std::chrono::seconds(60);

// The last sign of life of one node, as this controller saw it. Times are steady: a wall clock that is set, or a machine
// that slept, must not make nodes look dead.
struct NodeHealth {
    base::SteadyTime seen{};
    api::Time heartbeat;
    std::optional<api::MicroTime> renewed;
};

// Takes in what the node and its lease (may be null) say now.
NodeHealth observeHealth(const std::optional<NodeHealth>& before, const corev1::Node& node, const coordinationv1::Lease* lease, base::SteadyTime now);

bool isSilent(const NodeHealth& health, const corev1::Node& node, base::SteadyTime now);
// The node's status with its conditions Unknown, since its agent says nothing any more.
corev1::NodeStatus silentStatus(const corev1::Node& node, base::WallTime now);

// The taints that the node should have: those for its conditions, and all that are not this controller's business.
// mayEvict: whether a node that is not ready may have NoExecute taints, which make its Pods leave.
std::vector<corev1::Taint> planTaints(const corev1::Node& node, bool mayEvict, base::WallTime now);

}  // namespace qd::controllers
