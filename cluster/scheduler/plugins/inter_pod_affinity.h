// Puts Pods beside those that they want to be near, and away from those that they, or the others, do not want to be
// near: strictly where their terms are required, by preference otherwise. Source:
// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class InterPodAffinity final : public Plugin,
                               public PreFilterPlugin,
                               public FilterPlugin,
                               public ScorePlugin,
                               public QueueingPlugin {
public:
    // requiredWeight: what the required terms of Pods in place count when others are scored.
    explicit InterPodAffinity(client::InformerFactory& informers, std::int64_t requiredWeight = 1,
                              bool ignoreOthersPreferences = false)
        : m_namespaces(client::listerFor<corev1::Namespace>(informers)),
          m_requiredWeight(requiredWeight),
          m_ignoreOthersPreferences(ignoreOthersPreferences) {}
    std::string_view name() const override { return "InterPodAffinity"; }

    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) override;
    void podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added, const NodeInfo& node) const override;
    void podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed, const NodeInfo& node) const override;
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;

    Status preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) override;
    std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    void normalize(const CycleState& state, const Feasible& feasible, std::vector<std::int64_t>& scores) const override;

    Happening interests() const override {
        return Happening::PodAssigned | Happening::PodRemoved | Happening::PodLabels | Happening::NodeAdded |
               Happening::NodeLabels | Happening::NodeTaints;
    }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    struct Counts;
    struct Preference;
    void change(CycleState& state, const PodInfo& other, const NodeInfo& node, int by) const;
    bool isBesideThoseItWants(const Counts& counts, const PodInfo& pod, const NodeInfo& node) const;
    bool podMayHelp(const PodInfo& pod, const ClusterEvent& event) const;

    client::Lister<corev1::Namespace> m_namespaces;
    const std::int64_t m_requiredWeight;
    const bool m_ignoreOthersPreferences;
    const Text m_notBeside = text("node(s) didn't match pod affinity rules");
    const Text m_besideUnwanted = text("node(s) didn't match pod anti-affinity rules");
    const Text m_unwanted = text("node(s) didn't satisfy existing pods anti-affinity rules");
};

}  // namespace qd::scheduler
