#include "cluster/scheduler/scheduling_algorithm.h"

#include <algorithm>

namespace qd::scheduler {
namespace {

constexpr std::size_t kLeastFeasible = 100;
constexpr std::size_t kLeastPercentage = 5;

}  // namespace

std::size_t enoughFeasible(std::size_t nodes) {
    if (nodes < kLeastFeasible) return nodes;
    const std::size_t less = nodes / 125;
    const std::size_t percentage = less >= 50 - kLeastPercentage ? kLeastPercentage : 50 - less;
    return std::max(kLeastFeasible, nodes * percentage / 100);
}

Feasible SchedulingAlgorithm::findFeasible(const CycleState& state, const PodInfo& pod, const std::vector<const NodeInfo*>& candidates, Diagnosis& diagnosis) {
    Feasible feasible;
    const std::size_t enough = enoughFeasible(candidates.size());
    for (std::size_t i = 0; i < candidates.size() && feasible.size() < enough; ++i) {
        const NodeInfo* node = candidates[(m_next + i) % candidates.size()];
        Status status = m_framework.filter(state, pod, *node);
        if (status.ok()) {
            feasible.push_back(node);
        } else {
            diagnosis.add(node->sharedName(), std::move(status));
        }
    }
    return feasible;
}

const NodeInfo* SchedulingAlgorithm::pick(const Feasible& feasible, const std::vector<std::int64_t>& scores) {
    std::size_t best = 0;
    std::uint64_t ties = 1;
    for (std::size_t i = 1; i < feasible.size(); ++i) {
        if (scores[i] > scores[best]) {
            best = i;
            ties = 1;
        } else if (scores[i] == scores[best] && m_random.below(++ties) == 0) {
            best = i;
        }
    }
    return feasible[best];
}

SchedulingAlgorithm::Outcome SchedulingAlgorithm::schedule(CycleState& state, const PodInfo& pod, const Nodes& nodes) {
    Outcome outcome;
    outcome.diagnosis = std::make_shared<Diagnosis>();
    Diagnosis& diagnosis = *outcome.diagnosis;
    diagnosis.allNodes = nodes.all().size();
    if (diagnosis.allNodes == 0) return outcome;

    const PreFilterResult prepared = m_framework.preFilter(state, pod, nodes, diagnosis);
    if (prepared.status.code == Code::Error) {
        outcome.error = Error{Reason::InternalError, prepared.status.message()};
        return outcome;
    }
    Feasible feasible;
    if (prepared.status.ok()) {
        if (prepared.onlyNodes) {
            std::vector<const NodeInfo*> candidates;
            for (const auto& name : *prepared.onlyNodes) {
                if (const NodeInfo* node = nodes.find(name)) candidates.push_back(node);
            }
            feasible = findFeasible(state, pod, candidates, diagnosis);
        } else {
            feasible = findFeasible(state, pod, nodes.all(), diagnosis);
        }
        m_next = (m_next + feasible.size() + diagnosis.nodes.size()) % diagnosis.allNodes;
    }
    outcome.feasible = feasible.size();
    outcome.evaluated = feasible.size() + diagnosis.nodes.size();
    if (feasible.empty()) {
        const PostFilterResult after = m_framework.postFilter(state, pod, nodes, diagnosis);
        diagnosis.postFilterMessage = after.status.message();
        outcome.nominatedNode = after.nominatedNode;
        return outcome;
    }
    if (feasible.size() == 1) {
        outcome.node = feasible.front();
        return outcome;
    }
    const auto scores = m_framework.score(state, pod, feasible, nodes);
    if (!scores) {
        outcome.error = scores.error();
        return outcome;
    }
    outcome.node = pick(feasible, *scores);
    return outcome;
}

}  // namespace qd::scheduler
