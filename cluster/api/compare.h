// Comparison of values by their descriptors: what Kubernetes calls semantic equality. Absent and empty lists and maps
// are equal, quantities compare by amount.
#pragma once

#include "cluster/api/descriptor.h"

namespace qd::api {

bool equal(const Type& type, const void* a, const void* b);
bool equal(const Struct& structure, const void* a, const void* b);
// As equal, but 1Gi and 1073741824 differ: whether both are written alike.
bool identical(const Type& type, const void* a, const void* b);
// Whether it is Go's zero value (which omitzero leaves out).
bool isZero(const Type& type, const void* value);

// Also compares kinds and, for custom resources, contents.
bool equal(const Object& a, const Object& b);

}  // namespace qd::api
