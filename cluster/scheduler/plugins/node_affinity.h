// Keeps Pods to the nodes that their node selector and required node affinity name, and prefers the preferred ones. A
// profile may add affinity to that of all its Pods.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class NodeAffinity final : public Plugin,
                           public PreFilterPlugin,
                           public FilterPlugin,
                           public ScorePlugin,
                           public QueueingPlugin {
public:
    explicit NodeAffinity(api::Box<corev1::NodeAffinity> added = {}) : m_added(std::move(added)) {}
    std::string_view name() const override { return "NodeAffinity"; }
    // Narrows the search to the nodes that matchFields name.
    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) override;
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    Status preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) override;
    std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    void normalize(const CycleState& state, const Feasible& feasible, std::vector<std::int64_t>& scores) const override;
    Happening interests() const override { return Happening::NodeAdded | Happening::NodeLabels; }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    const api::Box<corev1::NodeAffinity> m_added;
    const Text m_notAsAdded = text("node(s) didn't match scheduler-enforced node affinity");
    const Text m_mismatch = text("node(s) didn't match Pod's node affinity/selector");
    const Text m_conflict = text("pod affinity terms conflict");
};

}  // namespace qd::scheduler
