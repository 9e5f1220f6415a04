// Strategic merge patch, Kubernetes' own patch format: like a JSON merge patch, but lists whose patch strategy is merge
// are merged item by item, and directives in the patch ($patch, $retainKeys, $setElementOrder/<list>,
// $deleteFromPrimitiveList/<list>) say what plain JSON cannot. Source of the rules: k8s.io/apimachinery strategicpatch
// and https://git.k8s.io/design-proposals-archive/cli/preserve-order-in-strategic-merge-patch.md.
#pragma once

#include <boost/json/value.hpp>

#include "cluster/api/descriptor.h"
#include "cluster/base/result.h"

namespace qd::api::merge {

// Merges the patch into the document, whose shape the struct describes. A malformed directive is a BadRequest; a patch
// that contradicts the schema (an item without its merge key, mixed lists) fails with code 500, as the API server
// answers.
Result<boost::json::object> applyStrategicMergePatch(const Struct& schema, boost::json::object document,
                                                     boost::json::object patch);

}  // namespace qd::api::merge
