// Holds the plugins of a scheduler and runs them at their extension points.
#pragma once

#include <memory>
#include <vector>

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class Framework {
public:
    // Plugins run in the order in which they are added. weight: of its scores.
    void add(std::unique_ptr<Plugin> plugin, std::int64_t weight = 1);
    std::size_t size() const { return m_plugins.size(); }

    Status preEnqueue(const PodInfo& pod) const;
    // Whether an event may help a Pod that these plugins turned away.
    bool mayHelp(const PodInfo& pod, const std::set<std::string_view>& rejectedBy, const ClusterEvent& event) const;
    // Whether any plugin asks for such events.
    bool interested(Happening what) const { return anyOf(m_interests, what); }

    // A rejection is written into the diagnosis. onlyNodes is what all plugins together allow.
    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes, Diagnosis& diagnosis);
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const;
    PostFilterResult postFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes, const Diagnosis& diagnosis);
    // The weighted sum of all plugins' scores for each feasible node.
    Result<std::vector<std::int64_t>> score(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes);
    Status reserve(CycleState& state, const PodInfo& pod, const NodeInfo& node);
    void unreserve(CycleState& state, const PodInfo& pod, const std::string& node);
    Status permit(const CycleState& state, const PodInfo& pod, const NodeInfo& node);
    Result<void> bind(const corev1::Pod& pod, const std::string& node);

    void podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added, const NodeInfo& node) const;
    void podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed, const NodeInfo& node) const;

private:
    template <typename Point>
    struct At {
        Plugin* plugin;
        Point* point;
        std::int64_t weight = 1;
    };
    template <typename Point>
    static void file(std::vector<At<Point>>& list, Plugin& plugin, std::int64_t weight);

    std::vector<std::unique_ptr<Plugin>> m_plugins;
    std::vector<At<PreEnqueuePlugin>> m_preEnqueue;
    std::vector<At<QueueingPlugin>> m_queueing;
    std::vector<At<PreFilterPlugin>> m_preFilter;
    std::vector<At<FilterPlugin>> m_filter;
    std::vector<At<PostFilterPlugin>> m_postFilter;
    std::vector<At<ScorePlugin>> m_score;
    std::vector<At<ReservePlugin>> m_reserve;
    std::vector<At<PermitPlugin>> m_permit;
    std::vector<At<BindPlugin>> m_bind;
    Happening m_interests = Happening::None;
};

}  // namespace qd::scheduler
