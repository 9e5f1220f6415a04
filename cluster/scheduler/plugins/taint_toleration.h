// Turns Pods away from nodes with taints that they do not tolerate, and prefers nodes with fewer PreferNoSchedule ones.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class TaintToleration final : public Plugin, public FilterPlugin, public ScorePlugin, public QueueingPlugin {
public:
    std::string_view name() const override { return "TaintToleration"; }
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Status preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) override;
    std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    void normalize(const CycleState& state, const Feasible& feasible, std::vector<std::int64_t>& scores) const override;
    Happening interests() const override { return Happening::NodeAdded | Happening::NodeTaints | Happening::PodTolerations; }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    const Text m_untolerated = text("node(s) had untolerated taint(s)");
};

}  // namespace qd::scheduler
