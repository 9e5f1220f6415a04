// Turns Pods away from nodes whose allocatable resources the Pods there have not left enough of, and prefers the nodes
// with the most left over (LeastAllocated), the least (MostAllocated), or by a line that is given
// (RequestedToCapacityRatio). Source: https://kubernetes.io/docs/concepts/scheduling-eviction/resource-bin-packing/.
#pragma once

#include "cluster/scheduler/config/plugin_arguments.h"
#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class NodeResourcesFit final : public Plugin, public FilterPlugin, public ScorePlugin, public QueueingPlugin {
public:
    explicit NodeResourcesFit(FitArguments arguments = {}) : m_arguments(std::move(arguments)) {}
    std::string_view name() const override { return "NodeResourcesFit"; }
    // Unresolvable when the Pod asks for more than the whole node has.
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Status preScore(CycleState&, const PodInfo&, const Feasible&, const Nodes&) override { return {}; }
    std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Happening interests() const override {
        return Happening::PodRemoved | Happening::PodScaledDown | Happening::NodeAdded | Happening::NodeAllocatable;
    }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    bool isIgnored(const std::string& resource) const;
    std::int64_t scoreOf(std::int64_t requested, std::int64_t capacity) const;

    const FitArguments m_arguments;
    const Text m_tooManyPods = text("Too many pods");
    const Text m_cpu = text("Insufficient cpu");
    const Text m_memory = text("Insufficient memory");
    const Text m_ephemeralStorage = text("Insufficient ephemeral-storage");
};

}  // namespace qd::scheduler
