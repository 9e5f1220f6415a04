// Whole objects of any kind, from bytes that say what they are.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/codec/json.h"
#include "cluster/api/object.h"

namespace qd::api {

// JSON or protobuf, told apart by how the bytes begin. A kind that is not compiled in becomes a CustomObject (JSON
// only). A missing kind or apiVersion, and a built-in kind that is no Object, is BadRequest.
Result<std::unique_ptr<Object>> decodeObject(std::string_view bytes, std::vector<std::string>* strictErrors = nullptr);

// The form in which the store keeps objects: protobuf in its envelope for built-in kinds, JSON for custom resources.
// Equal objects give equal bytes. metadata.resourceVersion is left out: it is the store's revision.
std::string encodeStored(const Object& object);
Result<std::unique_ptr<Object>> decodeStored(std::string_view bytes);

}  // namespace qd::api
