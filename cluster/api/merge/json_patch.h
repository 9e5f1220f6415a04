// JSON Patch (RFC 6902) as the API server applies it: the accepted set of operations, the tolerated deviations
// (negative array indices count from the end, a missing member can be replaced) and the answers to bad patches are
// those of evanphx/json-patch v4 behind k8s.io/apiserver.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "cluster/base/result.h"

namespace qd::api::merge {

inline constexpr std::size_t kMaxJsonPatchOperations = 10000;

// Applies the operations in order to a copy of the document. A patch that is not a list of objects is a BadRequest, one
// with too many operations RequestEntityTooLarge, and one that does not apply (a failed test, a missing path) is
// Invalid with the API server's own message; its reason in detail stands nowhere in the answer, as upstream has it.
Result<boost::json::value> applyJsonPatch(boost::json::value document, const boost::json::value& patch);

// What field validation says about members that no operation has, e.g. `json patch unknown field "[0].valu"`.
std::vector<std::string> unknownJsonPatchFields(const boost::json::value& patch);

}  // namespace qd::api::merge
