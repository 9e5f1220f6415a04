// /openapi/v2, /openapi/v3 and /version, over the built-in kinds.
#pragma once

#include <string>

#include "cluster/apiserver/api_server.h"

namespace qd::apiserver {

// gitVersion: what /version and the documents say, e.g. "v1.36.2".
void addOpenApiPaths(ApiServer& server, const std::string& gitVersion);

}  // namespace qd::apiserver
