// A disruption budget is never violated by evictions: what the API evicts leaves as many healthy Pods as the budget
// asks for. Pods that were lost otherwise within kLate count as healthy, for the budget's status may not know of them
// yet.
#pragma once

#include <map>

#include "cluster/api/types/policy_v1.h"
#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class EvictionsInvariant final : public Invariant {
public:
    // Of the budget that is for the Pods with the label app of that name.
    EvictionsInvariant(std::string ns, std::string app) : m_ns(std::move(ns)), m_app(std::move(app)) {}

    std::optional<std::string> see(const Commit& commit) override;

private:
    struct PodState {
        bool healthy = false;
        bool evicted = false;
        std::optional<base::SteadyTime> lost = {};  // when it stopped being healthy, not by eviction
    };
    std::string m_ns;
    std::string m_app;
    base::SteadyTime m_changed{};  // when the budget asked for something else
    std::int32_t m_desired = 0;
    std::map<std::string, PodState> m_pods;  // by uid; those that are gone for a while yet
};

}  // namespace qd::simulation
