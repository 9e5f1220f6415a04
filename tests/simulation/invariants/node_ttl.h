// Every Node says for how long what its agent knows of Secrets and ConfigMaps may be old, by how many Nodes there are:
// not at all up to 100 of them, 15 seconds beyond that and until there are fewer than 90 again. No Node says something
// else for long.
#pragma once

#include <map>

#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class NodeTtlInvariant final : public Invariant {
public:
    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> check(base::SteadyTime now) override;
    std::optional<std::string> restless() const override;

private:
    struct NodeState {
        std::string says;
        std::optional<base::SteadyTime> wrongSince = {};
    };
    bool isRight(const std::string& says) const;

    std::map<std::string, NodeState> m_nodes;
};

}  // namespace qd::simulation
