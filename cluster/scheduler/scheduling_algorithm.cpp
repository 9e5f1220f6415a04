#include "cluster/scheduler/scheduling_algorithm.h"

#include <algorithm>

namespace qd::scheduler {
namespace {

constexpr std::size_t kLeastFeasible = 100;
constexpr std::size_t kLeastPercentage = 5;

}  // namespace

struct SchedulingAlgorithm::Search {
    const Framework& framework;
    const CycleState& state;
    const PodInfo& pod;
    const Nodes& nodes;
    Diagnosis& diagnosis;

    bool fits(const NodeInfo& node) {
        Status status = framework.filterWithNominated(state, pod, node, nodes.nominations());
        if (status.ok()) return true;
        diagnosis.add(node.sharedName(), std::move(status));
        return false;
    }
};

std::size_t enoughFeasible(std::size_t nodes, int percentage) {
    if (nodes < kLeastFeasible || percentage >= 100) return nodes;
    const std::size_t less = nodes / 125;
    const std::size_t adaptive = less >= 50 - kLeastPercentage ? kLeastPercentage : 50 - less;
    return std::max(kLeastFeasible, nodes * (percentage > 0 ? static_cast<std::size_t>(percentage) : adaptive) / 100);
}

Feasible SchedulingAlgorithm::findAmong(Search& search, const std::vector<const NodeInfo*>& candidates) {
    Feasible feasible;
    // Where nobody scores, the first is as good as any.
    const std::size_t enough =
        search.framework.scores() ? enoughFeasible(candidates.size(), search.framework.percentageOfNodesToScore()) : 1;
    feasible.reserve(std::min(enough, candidates.size()));
    std::size_t at = candidates.empty() ? 0 : m_next % candidates.size();
    for (std::size_t i = 0; i < candidates.size() && feasible.size() < enough; ++i) {
        if (search.fits(*candidates[at])) feasible.push_back(candidates[at]);
        if (++at == candidates.size()) at = 0;
    }
    return feasible;
}

Feasible SchedulingAlgorithm::findFeasible(Search& search, const PreFilterResult& prepared) {
    const auto isWorthIt = [&](const std::string& node) {
        return !prepared.onlyNodes || prepared.onlyNodes->contains(node);
    };
    const std::string& nominated = search.nodes.nominations().of(search.pod.uid());
    if (!nominated.empty() && isWorthIt(nominated)) {
        // Room was made for it there.
        const NodeInfo* node = search.nodes.find(nominated);
        if (node &&
            search.framework.filterWithNominated(search.state, search.pod, *node, search.nodes.nominations()).ok())
            return {node};
    }
    std::vector<const NodeInfo*> some;
    if (prepared.onlyNodes) {
        for (const auto& name : *prepared.onlyNodes) {
            if (const NodeInfo* node = search.nodes.find(name)) some.push_back(node);
        }
    }
    const auto& candidates = prepared.onlyNodes ? some : search.nodes.all();
    Feasible feasible = findAmong(search, candidates);
    m_next = (m_next + feasible.size() + search.diagnosis.nodes.size()) % search.nodes.all().size();
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

SchedulingAlgorithm::Outcome SchedulingAlgorithm::schedule(Framework& framework, CycleState& state, const PodInfo& pod,
                                                           const Nodes& nodes) {
    Outcome outcome;
    outcome.diagnosis = std::make_shared<Diagnosis>();
    Diagnosis& diagnosis = *outcome.diagnosis;
    diagnosis.allNodes = nodes.all().size();
    if (diagnosis.allNodes == 0) return outcome;

    const PreFilterResult prepared = framework.preFilter(state, pod, nodes, diagnosis);
    if (prepared.status.code == Code::Error) {
        outcome.error = Error{Reason::InternalError, prepared.status.message()};
        return outcome;
    }
    Feasible feasible;
    if (prepared.status.ok()) {
        Search search{framework, state, pod, nodes, diagnosis};
        feasible = findFeasible(search, prepared);
    }
    outcome.feasible = feasible.size();
    outcome.evaluated = feasible.size() + diagnosis.nodes.size();
    if (feasible.empty()) {
        const PostFilterResult after = framework.postFilter(state, pod, nodes, diagnosis);
        diagnosis.postFilterMessage = after.status.message();
        outcome.nominatedNode = after.nominatedNode;
        return outcome;
    }
    if (feasible.size() == 1) {
        outcome.node = feasible.front();
        return outcome;
    }
    auto scores = framework.score(state, pod, feasible, nodes);
    if (!scores) {
        outcome.error = scores.error();
        return outcome;
    }
    outcome.node = pick(feasible, scores->totals);
    auto sheet = std::make_shared<ScoreSheet>();
    sheet->nodes.reserve(feasible.size());
    for (const NodeInfo* node : feasible) sheet->nodes.push_back(node->sharedName());
    sheet->scores = std::move(*scores);
    outcome.scores = std::move(sheet);
    return outcome;
}

}  // namespace qd::scheduler
