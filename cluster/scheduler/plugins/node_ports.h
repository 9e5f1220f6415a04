// Turns Pods away from nodes on which a host port that they want is taken.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class NodePorts final : public Plugin, public PreFilterPlugin, public FilterPlugin, public QueueingPlugin {
public:
    std::string_view name() const override { return "NodePorts"; }
    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) override;
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Happening interests() const override { return Happening::PodRemoved | Happening::NodeAdded; }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    const Text m_taken = text("node(s) didn't have free ports for the requested pod ports");
};

}  // namespace qd::scheduler
