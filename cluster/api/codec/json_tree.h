// JSON trees (Boost.JSON) and their conversion to and from structs. Patches and custom resources work on trees.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/codec/json.h"
#include "cluster/api/object.h"

namespace qd::api {

// Whole numbers that fit are int64, all others double, as in Kubernetes. Of members given twice the last counts; when
// `duplicates` is given they are told there as `duplicate field "spec.foo"`. Errors (BadRequest) are worded as Go's.
Result<boost::json::value> parseJson(std::string_view text, std::vector<std::string>* duplicates = nullptr,
                                     boost::json::storage_ptr memory = {});

enum class MemberOrder { AsIs, ByName };
void appendJson(std::string& out, const boost::json::value& tree, MemberOrder order = MemberOrder::AsIs);
void appendJson(std::string& out, const boost::json::object& tree, MemberOrder order = MemberOrder::AsIs);
std::string serializeJson(const boost::json::value& tree, MemberOrder order = MemberOrder::AsIs);

// The tree that the value's JSON text is. For a tree that is soon forgotten, a boost::json::monotonic_resource as its
// memory saves half of the work.
boost::json::value toTree(const Object& object, boost::json::storage_ptr memory = {});
boost::json::value toTree(const Struct& structure, const void* value, boost::json::storage_ptr memory = {});
// The trees of two versions of an object, without the members of the object itself (spec, status, data, ...) that are written
// alike in both. Metadata is always there.
struct TreePair {
    boost::json::value before;
    boost::json::value after;
};
TreePair changedTrees(const Object& before, const Object& after, boost::json::storage_ptr memory = {});
template <typename T>
requires requires {
    T::kDescriptor;
} &&(!std::derived_from<T, Object>)boost::json::value toTree(const T& value) {
    return toTree(T::kDescriptor, &value);
}
// As decodeJson.
Result<void> fromTree(const boost::json::value& tree, const Struct& structure, void* into,
                      std::vector<std::string>* strictErrors = nullptr);
// The object that the tree says it is: of a served kind, or a CustomObject.
Result<std::unique_ptr<Object>> objectFromTree(const boost::json::value& tree,
                                               std::vector<std::string>* strictErrors = nullptr);

}  // namespace qd::api
