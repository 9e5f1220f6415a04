#include "cluster/scheduler/plugins/default_preemption.h"

#include <algorithm>

#include "cluster/base/log.h"
#include "cluster/scheduler/framework/framework.h"
#include "cluster/scheduler/plugins/victim_eviction.h"

namespace qd::scheduler {
namespace {

bool leavesForPreemption(const PodInfo& pod) {
    if (!pod.terminating()) return false;
    const auto& conditions = pod.pod->status.conditions;
    return std::ranges::any_of(conditions, [](const auto& each) {
        return each.type == "DisruptionTarget" && each.status == "True" && each.reason == "PreemptionByScheduler";
    });
}

}  // namespace

// A node and a state in which Pods are taken away and put back.
struct DefaultPreemption::Trial {
    const Framework& framework;
    const Nominations& nominations;
    const PodInfo& pod;
    CycleState& state;
    NodeInfo node;

    void take(const PodInfo& other) {
        node.removePod(other.uid());
        framework.podRemoved(state, pod, other, node);
    }
    void put(const PodInfoPtr& other) {
        node.addPod(other);
        framework.podAdded(state, pod, *other, node);
    }
    Status fits() const { return framework.filterWithNominated(state, pod, node, nominations); }
};

DefaultPreemption::DefaultPreemption(Handle& handle, PreemptionOptions options)
    : m_handle(handle),
      m_options(options),
      m_budgets(client::listerFor<policyv1::PodDisruptionBudget>(handle.informers())) {}

Status DefaultPreemption::preEnqueue(const PodInfo& pod) const {
    return m_preempting.contains(pod.uid()) ? Status::unresolvable(m_busy) : Status();
}

std::string DefaultPreemption::whyNotEligible(const PodInfo& pod, const Nodes& nodes,
                                              const Diagnosis& diagnosis) const {
    if (pod.pod->spec.preemptionPolicy == "Never") return "not eligible due to preemptionPolicy=Never.";
    const std::string& nominated = pod.pod->status.nominatedNodeName;
    const NodeInfo* node = nominated.empty() ? nullptr : nodes.find(nominated);
    // Where it can no longer go at all, another node may be freed for it.
    if (!node || diagnosis.of(nominated).code == Code::UnschedulableAndUnresolvable) return "";
    const bool leaving = std::ranges::any_of(node->pods(), [&](const auto& other) {
        return other->priority() < pod.priority() && leavesForPreemption(*other);
    });
    return leaving ? "not eligible due to a terminating pod on the nominated node." : "";
}

// Leaves the trial's state as it was; its node is used up.
Status DefaultPreemption::selectVictims(Trial& trial, const Budgets& budgets, PreemptionCandidate& candidate) const {
    std::vector<PodInfoPtr> potential;
    for (const auto& other : trial.node.pods()) {
        if (other->priority() < trial.pod.priority()) potential.push_back(other);
    }
    if (potential.empty()) return Status::unresolvable(m_noVictims);
    const base::WallTime now = m_handle.clock().now();
    const auto moreImportant = [now](const PodInfoPtr& a, const PodInfoPtr& b) { return isMoreImportant(*a, *b, now); };
    for (const auto& other : potential) trial.take(*other);
    const Status status = trial.fits();
    if (!status.ok()) {
        for (const auto& other : potential) trial.put(other);
        return status;
    }
    std::ranges::stable_sort(potential, moreImportant);
    const VictimGroups groups = groupByBudget(potential, budgets);
    const auto reprieve = [&](const PodInfoPtr& other) {
        trial.put(other);
        if (trial.fits().ok()) return true;
        trial.take(*other);
        candidate.victims.push_back(other);
        return false;
    };
    for (const auto& other : groups.violating) candidate.violations += reprieve(other) ? 0 : 1;
    for (const auto& other : groups.others) reprieve(other);
    for (const auto& victim : candidate.victims) trial.put(victim);
    std::ranges::stable_sort(candidate.victims, moreImportant);
    return status;
}

std::vector<PreemptionCandidate> DefaultPreemption::findCandidates(const CycleState& state, const PodInfo& pod,
                                                                   const Nodes& nodes, const Diagnosis& diagnosis,
                                                                   Diagnosis& verdicts) const {
    std::vector<const NodeInfo*> potential;
    for (const auto& verdict : diagnosis.nodes) {
        const NodeInfo* node = verdict.status.code == Code::Unschedulable ? nodes.find(*verdict.node) : nullptr;
        if (node) potential.push_back(node);
    }
    std::vector<PreemptionCandidate> candidates;
    if (potential.empty()) return candidates;
    const auto share = potential.size() * static_cast<std::size_t>(m_options.minCandidateNodesPercentage) / 100;
    const auto wanted =
        std::min(potential.size(), std::max(share, static_cast<std::size_t>(m_options.minCandidateNodesAbsolute)));
    const auto offset = m_handle.random().below(potential.size());
    const auto budgets = m_budgets.list();
    CycleState scratch = state.clone();
    bool withoutViolation = false;
    for (std::size_t i = 0; i < potential.size() && (candidates.size() < wanted || !withoutViolation); ++i) {
        const NodeInfo* node = potential[(offset + i) % potential.size()];
        Trial trial{*framework, nodes.nominations(), pod, scratch, *node};
        PreemptionCandidate candidate{.node = node, .victims = {}, .violations = 0};
        Status status = selectVictims(trial, budgets, candidate);
        if (!status.ok()) {
            verdicts.add(node->sharedName(), std::move(status));
        } else if (!candidate.victims.empty()) {
            withoutViolation = withoutViolation || candidate.violations == 0;
            candidates.push_back(std::move(candidate));
        }
    }
    return candidates;
}

PostFilterResult DefaultPreemption::postFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes,
                                               const Diagnosis& diagnosis) {
    if (const std::string why = whyNotEligible(pod, nodes, diagnosis); !why.empty())
        return {.status = Status::unschedulable(text("preemption: " + why))};
    Diagnosis verdicts;
    verdicts.allNodes = nodes.all().size();
    verdicts.absent = Status::unresolvable(m_notHelpful);
    const auto candidates = findCandidates(state, pod, nodes, diagnosis, verdicts);
    if (candidates.empty())
        return {.status = Status::unschedulable(text("preemption: " + verdicts.message())), .nominatedNode = ""};
    const auto& best = cheapest(candidates, m_handle.clock().now());
    evict(std::make_shared<const PodInfo>(pod), best, nodes);
    return {.status = {}, .nominatedNode = best.node->name()};
}

void DefaultPreemption::evict(const PodInfoPtr& pod, const PreemptionCandidate& candidate, const Nodes& nodes) {
    VictimEviction work{.preemptor = pod, .node = candidate.node->name(), .victims = {}, .noLongerNominated = {}};
    std::ranges::copy_if(candidate.victims, std::back_inserter(work.victims),
                         [](const auto& victim) { return !victim->terminating(); });
    // They would have come after this one anyway, and may no longer fit.
    for (const auto& other : nodes.nominations().on(work.node)) {
        if (other->priority() < pod->priority()) work.noLongerNominated.push_back(other);
    }
    for (const auto& other : work.noLongerNominated) m_handle.dropNomination(other->uid());
    if (work.victims.empty()) return;
    m_preempting.insert(pod->uid());
    m_handle.write([this, work = std::move(work)] {
        const Result<void> outcome = evictVictims(m_handle, work);
        if (!outcome)
            base::logger("scheduler")
                ->warn("making room for {}: {}", work.preemptor->pod->metadata.name, outcome.error().message);
        m_handle.onStrand([this, uid = work.preemptor->uid(), failed = !outcome] {
            m_preempting.erase(uid);
            m_handle.reconsider(uid, failed);
        });
    });
}

}  // namespace qd::scheduler
