// Puts Pods beside those that they want to be near, and away from those that they, or the others, do not want to be near:
// strictly where their terms are required, by preference otherwise.
// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity.
#pragma once

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class InterPodAffinity final : public Plugin, public PreFilterPlugin, public FilterPlugin, public ScorePlugin, public QueueingPlugin {
public:
    explicit InterPodAffinity(client::InformerFactory& informers) : m_namespaces(client::listerFor<corev1::Namespace>(informers)) {}
    std::string_view name() const override { return "InterPodAffinity"; }

    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) override;
    void podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added, const NodeInfo& node) const override;
    void podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed, const NodeInfo& node) const override;
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;

    Status preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) override;
    std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const override;
    void normalize(const CycleState& state, const Feasible& feasible, std::vector<std::int64_t>& scores) const override;

    Happening interests() const override {
        return Happening::PodAssigned | Happening::PodRemoved | Happening::PodLabels | Happening::NodeAdded | Happening::NodeLabels | Happening::NodeTaints;
    }
    bool mayHelp(const PodInfo& pod, const ClusterEvent& event) const override;

private:
    struct Counts;
    struct Preference;
    void change(CycleState& state, const PodInfo& pod, const PodInfo& other, const NodeInfo& node, int by) const;
    void count(Counts& counts, const PodInfo& pod, const PodInfo& other, const NodeInfo& node, int by) const;
    void weigh(Preference& preference, const PodInfo& pod, const PodInfo& other, const NodeInfo& node) const;
    bool isBesideThoseItWants(const Counts& counts, const PodInfo& pod, const NodeInfo& node) const;
    bool podMayHelp(const PodInfo& pod, const ClusterEvent& event) const;

    client::Lister<corev1::Namespace> m_namespaces;
    const Text m_notBeside = text("node(s) didn't match pod affinity rules");
    const Text m_besideUnwanted = text("node(s) didn't match pod anti-affinity rules");
    const Text m_unwanted = text("node(s) didn't satisfy existing pods anti-affinity rules");
};

}  // namespace qd::scheduler
