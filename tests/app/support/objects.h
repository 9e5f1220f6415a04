// Objects for tests of the window, from YAML.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "cluster/api/object.h"

namespace qd::tests {

// All documents; a mistake ends the program and says where it is. Their UIDs are "Kind/namespace/name".
std::vector<std::unique_ptr<api::Object>> objectsOf(std::string_view yaml);
// The documents of tests/app/support/kinds.yaml: workloads, storage and configuration of the shop in every state.
std::vector<std::unique_ptr<api::Object>> shopKinds();

}  // namespace qd::tests
