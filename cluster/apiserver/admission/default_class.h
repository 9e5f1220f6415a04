// The default among classes that an annotation marks: storage classes and Ingress classes.
#pragma once

#include <string>
#include <vector>

#include "cluster/apiserver/admission/admission.h"

namespace qd::apiserver {

// Of several marked ones the newest, and among those the first by name. Null when none is.
api::ObjectPtr newestMarked(const std::vector<api::ObjectPtr>& classes,
                            std::initializer_list<std::string_view> annotations);

}  // namespace qd::apiserver
