// What Go's omitempty leaves out. For the encoders of this folder.
#pragma once

#include "cluster/api/descriptor.h"

namespace qd::api {

// Structs and values with a marshalling of their own are never empty.
bool isEmpty(const Type& type, const void* value);

}  // namespace qd::api
