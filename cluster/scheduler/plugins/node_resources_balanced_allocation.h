// Prefers nodes on which the Pod makes the use of CPU and memory, or of the resources that are given, more even.
#pragma once

#include "cluster/scheduler/config/plugin_arguments.h"
#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class NodeResourcesBalancedAllocation final : public Plugin, public ScorePlugin {
public:
    explicit NodeResourcesBalancedAllocation(
        std::vector<ResourceWeight> resources = PluginArguments().balancedResources)
        : m_resources(std::move(resources)) {}
    std::string_view name() const override { return "NodeResourcesBalancedAllocation"; }
    // Skips Pods that ask for nothing: they change no balance.
    Status preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) override;
    // 75 when the Pod changes nothing, towards 100 the more it evens out, towards 50 the more it tips over.
    std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;

private:
    std::int64_t evenness(const Resources* more, const NodeInfo& node) const;

    const std::vector<ResourceWeight> m_resources;
};

}  // namespace qd::scheduler
