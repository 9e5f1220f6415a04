// Holds the EndpointSlices that mirror Endpoints against those: of a Service without a selector, unless the Endpoints
// are not to be mirrored. They may be late, but never differ for kLate without pause; at rest there is one slice for
// each set of ports and type of address.
#pragma once

#include <map>
#include <set>

#include "cluster/api/types/discovery_v1.h"
#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class MirrorsInvariant final : public Invariant {
public:
    explicit MirrorsInvariant(std::string ns) : m_ns(std::move(ns)) {}

    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> check(base::SteadyTime now) override;
    std::optional<std::string> restless() const override;

private:
    // One line for each address with its port and whether it is ready.
    using Lines = std::set<std::string>;
    struct State {
        bool mirrored = false;  // there are Endpoints that are to be
        bool manual = false;    // there is a Service without a selector
        Lines endpoints;
        std::map<std::string, Lines> slices = {};
        std::optional<base::SteadyTime> differsSince = {};
    };
    // What differs; nothing when all is well.
    static std::optional<std::string> difference(const std::string& service, const State& state);

    std::string m_ns;
    std::map<std::string, State> m_services;
};

}  // namespace qd::simulation
