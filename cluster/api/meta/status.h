// An answer of the API server that is an error, read back.
#pragma once

#include <string_view>

#include "cluster/base/result.h"

namespace qd::api {

// From the body of an HTTP answer with this code: a Status object, or whatever else stands there.
Error errorFromStatus(int httpCode, std::string_view body);

}  // namespace qd::api
