// The objects that every cluster has from its first second: namespaces, the `kubernetes` Service, default roles.
#pragma once

#include <string>

#include "cluster/client/client.h"

namespace qd::control_plane {

// Makes what is missing; leaves what is there.
Result<void> createSystemObjects(client::Client& client, const std::string& serviceCidr);

}  // namespace qd::control_plane
