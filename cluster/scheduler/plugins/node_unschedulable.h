// Turns Pods away from cordoned nodes (spec.unschedulable), unless they tolerate the taint that stands for it.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class NodeUnschedulable final : public Plugin, public FilterPlugin, public QueueingPlugin {
public:
    std::string_view name() const override { return "NodeUnschedulable"; }
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Happening interests() const override { return Happening::NodeAdded | Happening::NodeTaints | Happening::PodTolerations; }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    const Text m_unschedulable = text("node(s) were unschedulable");
};

}  // namespace qd::scheduler
