// Holds a Service's Endpoints and EndpointSlices against the Pods that are ready: they may be late, but not for kLate
// without pause.
#pragma once

#include <map>
#include <set>

#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class EndpointsInvariant final : public Invariant {
public:
    // Of the Service `service`, which selects the Pods with the label app of that name.
    EndpointsInvariant(std::string ns, std::string service) : m_ns(std::move(ns)), m_service(std::move(service)) {}

    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> check(base::SteadyTime now) override;
    std::optional<std::string> restless() const override { return difference(); }

private:
    using Addresses = std::set<std::string>;
    // What differs now.
    std::optional<std::string> difference() const;

    std::string m_ns;
    std::string m_service;
    std::map<std::string, std::string> m_ready;  // Pods with their addresses
    Addresses m_endpoints;
    std::map<std::string, Addresses> m_slices;  // the ready addresses of each
    std::optional<base::SteadyTime> m_differsSince;
};

}  // namespace qd::simulation
