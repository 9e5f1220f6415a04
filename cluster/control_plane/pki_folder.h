// The cluster's keys and certificates: made at the first start, kept in one folder, renewed when they near their end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cluster/base/pki/certificate.h"

namespace qd::control_plane {

struct Pki {
    pki::Authority authority;
    pki::Identity server;
    pki::Identity admin;  // user kubernetes-admin of group system:masters
    pki::Identity agentClient;  // who the API server is to the nodes' agents
    pki::PrivateKey serviceAccountKey;
};

// addresses and names: what the server certificate must be good for, besides localhost and the kubernetes Service's names.
Result<Pki> openPki(const std::filesystem::path& folder, const std::vector<std::string>& addresses, const std::vector<std::string>& names, base::WallTime now);

}  // namespace qd::control_plane
