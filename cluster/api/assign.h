// Copies and empties values by their descriptors.
#pragma once

#include "cluster/api/descriptor.h"

namespace qd::api {

// Makes `to` a deep copy of `from`; both are values of the type.
void assign(const Type& type, void* to, const void* from);
void assign(const Struct& structure, void* to, const void* from);
// Makes the value what a new one is: absent, empty, zero.
void reset(const Type& type, void* value);
void reset(const Struct& structure, void* value);

}  // namespace qd::api
