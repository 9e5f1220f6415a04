// Spreads Pods over nodes, zones and other domains: strictly where their constraints say DoNotSchedule, by preference
// where they say ScheduleAnyway or where they say nothing (spread_constraints.h, DefaultSpread). Source:
// https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/.
#pragma once

#include "cluster/scheduler/plugins/spread_constraints.h"

namespace qd::scheduler {

class PodTopologySpread final : public Plugin,
                                public PreFilterPlugin,
                                public FilterPlugin,
                                public ScorePlugin,
                                public QueueingPlugin {
public:
    explicit PodTopologySpread(client::InformerFactory& informers, SpreadArguments arguments = {})
        : m_defaults(informers, std::move(arguments)) {}
    std::string_view name() const override { return "PodTopologySpread"; }

    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) override;
    void podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added, const NodeInfo& node) const override;
    void podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed, const NodeInfo& node) const override;
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;

    Status preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) override;
    std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    void normalize(const CycleState& state, const Feasible& feasible, std::vector<std::int64_t>& scores) const override;

    Happening interests() const override {
        return Happening::PodAssigned | Happening::PodRemoved | Happening::PodLabels | Happening::PodTolerations |
               Happening::NodeAdded | Happening::NodeRemoved | Happening::NodeLabels | Happening::NodeTaints;
    }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    // Of the Pod, or the defaults.
    Result<std::vector<SpreadConstraint>> constraintsOf(const PodInfo& pod, std::string_view whenUnsatisfiable) const;
    void change(CycleState& state, const PodInfo& pod, const PodInfo& other, const NodeInfo& node, int by) const;

    DefaultSpread m_defaults;
    const Text m_skewed = text("node(s) didn't match pod topology spread constraints");
    const Text m_noLabel = text("node(s) didn't match pod topology spread constraints (missing required label)");
};

}  // namespace qd::scheduler
