// Query parameters as Go's conversions read them into option objects (k8s.io/apimachinery conversion/queryparams).
#pragma once

#include <optional>
#include <string>

#include "cluster/apiserver/http.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

// A flag that is present without a value, or with any but "false" and "0", is set.
bool queryFlag(const Query& query, std::string_view name);
// BadRequest when it is no integer.
Result<std::optional<std::int64_t>> queryNumber(const Query& query, std::string_view name);

}  // namespace qd::apiserver
