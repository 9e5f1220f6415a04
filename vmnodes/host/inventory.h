// What there is in libvirt: domains and networks with their marks and states, as seen now.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/base/result.h"
#include "vmnodes/host/connection.h"
#include "vmnodes/host/metadata.h"

namespace qd::host {

struct NetworkRecord {
    NetworkHandle handle;
    std::string name;
    std::optional<Mark> mark;  // nullopt: not Quarterdeck's
    bool active = false;
    std::vector<Cidr> ranges;  // its addresses and routes
};

struct DomainRecord {
    DomainHandle handle;
    std::string name;
    std::optional<Mark> mark;
    DomainState state = DomainState::Undefined;
};

Result<std::vector<NetworkRecord>> listNetworks(const Connection& connection);
// Sorted by the node's index, then by name.
Result<std::vector<DomainRecord>> listDomains(const Connection& connection);
Result<DomainState> observe(virDomainPtr domain);

// The hashes of the shared images that any network or domain of any cluster refers to.
Result<std::set<std::string>> imagesInUse(const Connection& connection);

}  // namespace qd::host
