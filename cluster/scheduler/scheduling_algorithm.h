// Finds the node for one Pod: filters, scores, and picks among the best by chance.
#pragma once

#include <memory>
#include <optional>

#include "cluster/base/random.h"
#include "cluster/scheduler/placement_log.h"

namespace qd::scheduler {

class SchedulingAlgorithm {
public:
    struct Outcome {
        const NodeInfo* node = nullptr;
        // Which nodes turned it away, and why; without a node, why there is none.
        std::shared_ptr<Diagnosis> diagnosis;
        // Null when there was no choice.
        std::shared_ptr<const ScoreSheet> scores;
        std::optional<std::string> nominatedNode;
        // Set when something went wrong instead.
        std::optional<Error> error;
        std::size_t evaluated = 0;
        std::size_t feasible = 0;
    };

    explicit SchedulingAlgorithm(base::Random& random) : m_random(random) {}

    Outcome schedule(Framework& framework, CycleState& state, const PodInfo& pod, const Nodes& nodes);

private:
    struct Search;
    Feasible findFeasible(Search& search, const PreFilterResult& prepared);
    // Begins where the last search ended, so that all nodes get their share, and stops at enough.
    Feasible findAmong(Search& search, const std::vector<const NodeInfo*>& candidates);
    const NodeInfo* pick(const Feasible& feasible, const std::vector<std::int64_t>& scores);

    base::Random& m_random;
    std::size_t m_next = 0;
};

// How many feasible nodes are enough: all of up to 100; beyond that half of them less one percent for each 125 nodes,
// at least 5 % and never fewer than 100. A percentage that is given (not 0) takes the place of the one that is worked
// out.
std::size_t enoughFeasible(std::size_t nodes, int percentage = 0);

}  // namespace qd::scheduler
