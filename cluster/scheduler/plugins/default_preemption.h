// Makes room for a Pod that fits nowhere by evicting Pods of lower priority: finds on some nodes the fewest that would
// have to go, picks the node where that costs least, nominates it, and has the victims deleted while others are
// scheduled. Until that is done the Pod is not tried again. Source:
// https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ and KEP-4832.
#pragma once

#include <unordered_set>

#include "cluster/scheduler/framework/handle.h"
#include "cluster/scheduler/plugins/preemption_candidates.h"

namespace qd::scheduler {

// How many nodes are looked at: the percentage of those that may do, at least so many.
struct PreemptionOptions {
    int minCandidateNodesPercentage = 10;
    int minCandidateNodesAbsolute = 100;
};

class DefaultPreemption final : public Plugin, public PostFilterPlugin, public PreEnqueuePlugin {
public:
    explicit DefaultPreemption(Handle& handle, PreemptionOptions options = {});
    std::string_view name() const override { return "DefaultPreemption"; }
    Status preEnqueue(const PodInfo& pod) const override;
    PostFilterResult postFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes,
                                const Diagnosis& diagnosis) override;

private:
    using Budgets = std::vector<client::Ptr<policyv1::PodDisruptionBudget>>;
    struct Trial;

    // Empty when it may; else why not.
    std::string whyNotEligible(const PodInfo& pod, const Nodes& nodes, const Diagnosis& diagnosis) const;
    std::vector<PreemptionCandidate> findCandidates(const CycleState& state, const PodInfo& pod, const Nodes& nodes,
                                                    const Diagnosis& diagnosis, Diagnosis& verdicts) const;
    Status selectVictims(Trial& trial, const Budgets& budgets, PreemptionCandidate& candidate) const;
    void evict(const PodInfoPtr& pod, const PreemptionCandidate& candidate, const Nodes& nodes);

    Handle& m_handle;
    const PreemptionOptions m_options;
    client::Lister<policyv1::PodDisruptionBudget> m_budgets;
    std::unordered_set<std::string> m_preempting;  // uids of Pods whose victims are being deleted
    const Text m_notHelpful = text("Preemption is not helpful for scheduling");
    const Text m_noVictims = text("No preemption victims found for incoming pod");
    const Text m_busy = text("waiting for the preemption for this pod to be finished");
};

}  // namespace qd::scheduler
