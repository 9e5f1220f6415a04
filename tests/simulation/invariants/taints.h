// Taints with NoExecute evict Pods in time: never one whose toleration has not run out, and none stays for long after
// that.
#pragma once

#include <map>
#include <vector>

#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class TaintsInvariant final : public Invariant {
public:
    explicit TaintsInvariant(std::string ns) : m_ns(std::move(ns)) {}

    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> check(base::SteadyTime now) override;

private:
    struct Tainted {
        corev1::Taint taint;
        base::SteadyTime since;
    };
    struct NodeState {
        std::vector<Tainted> taints;  // that evict
        std::optional<base::SteadyTime> changed = {};
    };
    struct PodState {
        corev1::Pod pod;
        base::SteadyTime bound;
    };
    // When the Pod is to be evicted; nothing: never.
    static std::optional<base::SteadyTime> due(const PodState& pod, const NodeState& node);

    std::string m_ns;
    std::map<std::string, NodeState> m_nodes;
    std::map<std::string, PodState> m_pods;  // by uid: bound, and not asked to go
};

}  // namespace qd::simulation
