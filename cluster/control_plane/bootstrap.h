// The objects that every cluster has from its first second: namespaces, the `kubernetes` Service and ServiceCIDR, priorities.
#pragma once

#include <string>

#include "cluster/base/time.h"
#include "cluster/client/client.h"

namespace qd::control_plane {

// Makes what is missing; leaves what is there.
Result<void> createSystemObjects(client::Client& client, const std::string& serviceCidr, base::WallTime now);

}  // namespace qd::control_plane
