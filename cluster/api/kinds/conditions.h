// Conditions of the common type metav1.Condition in a status.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and the API conventions, "typical status
// properties".
#pragma once

#include <vector>

#include "cluster/api/field/path.h"
#include "cluster/api/types/meta_v1.h"

namespace qd::api {

field::Errors conditionsErrors(const std::vector<metav1::Condition>& conditions, const field::Path& path);

}  // namespace qd::api
