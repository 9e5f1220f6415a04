// Whether a tree fits a struct, judged and worded as upstream's converter of unstructured objects does: it reads what a
// strategic merge patch made, where the JSON decoder reads everything else. Source: apimachinery runtime/converter.go.
#pragma once

#include <boost/json/value.hpp>

#include "cluster/api/descriptor.h"
#include "cluster/base/result.h"

namespace qd::api {

// Values with a parser of their own (quantities, times, ...) are left to the decoder: it words those errors alike.
Result<void> checkFit(const boost::json::value& tree, const Struct& structure);

}  // namespace qd::api
