// Holds a Service's Endpoints and EndpointSlices against the Pods that are ready: they may be late, but not for a minute
// without pause.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "cluster/store/store.h"

namespace qd::simulation {

class EndpointsInvariant {
public:
    // Of the Service `service`, which selects every Pod of its namespace.
    explicit EndpointsInvariant(std::string service) : m_service(std::move(service)) {}

    void apply(const store::Event& event);
    // What is broken at that time; nothing when all is well.
    std::optional<std::string> broken(base::WallTime now);

private:
    using Addresses = std::set<std::string>;
    Addresses ready() const;
    Addresses sliced() const;

    std::string m_service;
    std::map<std::string, std::string> m_ready;   // Pods with their addresses
    Addresses m_endpoints;
    std::map<std::string, Addresses> m_slices;  // the ready addresses of each
    std::optional<base::WallTime> m_differsSince;
};

}  // namespace qd::simulation
