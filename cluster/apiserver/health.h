// /healthz, /livez and /readyz: whether the server works, check by check.
// Source: https://kubernetes.io/docs/reference/using-api/health-checks/.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cluster/apiserver/http.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

struct HealthCheck {
    std::string name;
    std::function<Result<void>()> check;
};

// endpoint: "healthz", "livez" or "readyz"; path: the request's. `?verbose` tells every check, `?exclude=name` leaves
// one out, and a check stands under its own path too, e.g. /readyz/etcd. Why a check failed is logged, not told.
Response healthResponse(const Request& request, std::string_view endpoint, const std::vector<HealthCheck>& checks);

}  // namespace qd::apiserver
