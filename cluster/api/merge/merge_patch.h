// JSON Merge Patch (RFC 7386).
#pragma once

#include <boost/json/value.hpp>

#include "cluster/base/result.h"

namespace qd::api::merge {

// Merges the patch into the document: objects member by member, null removes, anything else replaces. A patch that is
// neither an object nor a list is a BadRequest, as the API server answers.
Result<boost::json::value> applyMergePatch(boost::json::value document, const boost::json::value& patch);

}  // namespace qd::api::merge
