// Nothing whose owners are all gone stays for ever.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class OwnersInvariant final : public Invariant {
public:
    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> check(base::SteadyTime now) override;
    std::optional<std::string> restless() const override;

private:
    struct Known {
        std::string name;
        std::vector<std::string> owners;  // their uids
        std::optional<base::SteadyTime> orphanSince = {};
    };
    void judge(Known& known, base::SteadyTime when);

    std::set<std::string> m_gone;          // uids
    std::map<std::string, Known> m_owned;  // by uid; that are there
};

}  // namespace qd::simulation
