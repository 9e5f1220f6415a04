// References to other objects in the specs of networking kinds.
#pragma once

#include <optional>
#include <string>

#include "cluster/api/field/path.h"

namespace qd::api {

// A kind, resource or name that must be given and fit into a URL's path.
field::Errors segmentErrors(const std::string& text, const field::Path& path);
// group, kind and name.
field::Errors referenceErrors(const std::optional<std::string>& group, const std::string& kind, const std::string& name,
                              const field::Path& path);

}  // namespace qd::api
