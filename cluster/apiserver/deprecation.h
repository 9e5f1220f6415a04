// Kinds that upstream advises against: whoever asks for one is told so by a Warning header, which kubectl shows.
// Source: https://kubernetes.io/docs/reference/using-api/deprecation-policy/ and APILifecycleDeprecated() of the module k8s.io/api.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/kinds/kind.h"

namespace qd::apiserver {

// Nothing for kinds that are as good as ever.
std::vector<std::string> deprecationWarnings(const api::Kind& kind);

}  // namespace qd::apiserver
