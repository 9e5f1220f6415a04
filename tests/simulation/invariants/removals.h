// What is deleted goes: a namespace with all that is in it, an owner with what it owns. And nothing is in a namespace
// that is gone.
#pragma once

#include <map>
#include <set>

#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class RemovalsInvariant final : public Invariant {
public:
    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> check(base::SteadyTime now) override;
    std::optional<std::string> restless() const override;

private:
    std::map<std::string, std::pair<std::string, base::SteadyTime>> m_going;  // by uid: what, since when
    std::map<std::string, std::set<std::string>> m_inside;                    // by namespace: what is in it
    std::set<std::string> m_namespaces;
};

}  // namespace qd::simulation
