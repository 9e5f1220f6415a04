// Finds the node for one Pod: filters, scores, and picks among the best by chance.
#pragma once

#include <memory>
#include <optional>

#include "cluster/base/random.h"
#include "cluster/scheduler/framework/framework.h"

namespace qd::scheduler {

class SchedulingAlgorithm {
public:
    struct Outcome {
        const NodeInfo* node = nullptr;
        // Without a node: why there is none.
        std::shared_ptr<Diagnosis> diagnosis;
        std::optional<std::string> nominatedNode;
        // Set when something went wrong instead.
        std::optional<Error> error;
        std::size_t evaluated = 0;
        std::size_t feasible = 0;
    };

    SchedulingAlgorithm(Framework& framework, base::Random& random) : m_framework(framework), m_random(random) {}

    Outcome schedule(CycleState& state, const PodInfo& pod, const Nodes& nodes);

private:
    // Begins where the last search ended, so that all nodes get their share, and stops at enough.
    Feasible findFeasible(const CycleState& state, const PodInfo& pod, const std::vector<const NodeInfo*>& candidates, Diagnosis& diagnosis);
    const NodeInfo* pick(const Feasible& feasible, const std::vector<std::int64_t>& scores);

    Framework& m_framework;
    base::Random& m_random;
    std::size_t m_next = 0;
};

// How many feasible nodes are enough: all of up to 100; beyond that half of them less one percent for each 125 nodes, at
// least 5 % and never fewer than 100.
std::size_t enoughFeasible(std::size_t nodes);

}  // namespace qd::scheduler
