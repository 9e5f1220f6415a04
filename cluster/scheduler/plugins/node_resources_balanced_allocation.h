// Prefers nodes on which the Pod makes the use of CPU and memory more even.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class NodeResourcesBalancedAllocation final : public Plugin, public ScorePlugin {
public:
    std::string_view name() const override { return "NodeResourcesBalancedAllocation"; }
    // Skips Pods that ask for nothing: they change no balance.
    Status preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) override;
    // 75 when the Pod changes nothing, towards 100 the more it evens out, towards 50 the more it tips over.
    std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
};

}  // namespace qd::scheduler
