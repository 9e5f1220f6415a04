// The gRPC health checking protocol (grpc.health.v1.Health/Check) over plain text.
#pragma once

#include <string>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::agent::probes {

// Succeeds when the service (empty: the server as a whole) says SERVING within the limit.
Result<void> grpcHealthy(const std::string& address, int port, const std::string& service, base::Duration limit);

}  // namespace qd::agent::probes
