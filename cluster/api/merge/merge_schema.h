// Descriptors read as a merge schema: what server-side apply has to know about a value is whether it is a leaf, a map
// or a list, whether it is merged part by part or as a whole, and by which keys the items of a list are told apart.
//
// The rules that turn markers into this are those by which upstream derives its schema from OpenAPI: a list without
// listType is merged by its patch merge key if its patch strategy is merge, else it is atomic; a map or struct is
// granular unless marked atomic on the field or the type; values of free shape are maps down to their leaves, with
// atomic lists.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "cluster/api/descriptor.h"

namespace qd::api::merge {

namespace json = boost::json;

enum class Nature : std::uint8_t { Scalar, List, Map, Any };

struct Schema {
    Nature nature = Nature::Any;
    bool atomic = false;
    bool associative = false;                     // of a list: by keys, or as a set when there are none
    const Type* type = nullptr;                   // with pointers removed; null for Any and for roots
    const Struct* structure = nullptr;            // of a map with declared fields
    const Type* element = nullptr;                // of a list, or of a map without declared fields
    std::span<const std::string_view> keys = {};  // of an associative list of objects

    // What the items of a list are.
    Schema item() const;
    // What the members of a map are that are not declared fields; nullopt when there should be none. A struct that
    // keeps members it does not declare (x-kubernetes-preserve-unknown-fields) says so by an inlined field that is a
    // map.
    std::optional<Schema> others() const;
};

Schema schemaOf(const Struct& structure);
Schema schemaOf(const Field& field);
Schema schemaOf(const Type& type);

// A value of free shape takes the nature of what it holds; all others keep theirs.
Schema settle(const Schema& schema, const json::value* value);

// Finds a struct's declared fields by JSON name, inlined ones too. Names asked for in the order of declaration, as
// codecs write them, are found without a search.
class FieldFinder {
public:
    explicit FieldFinder(const Struct* structure) : m_structure(structure) {}
    const Field* find(std::string_view name);

private:
    const Struct* m_structure;
    std::size_t m_next = 0;
};

// What a list item without the given key counts as having: the default of the field, or the zero value of a scalar that
// Go always writes. Nullopt when the key is then simply missing.
std::optional<json::value> defaultOfKey(const Schema& list, std::string_view key);

}  // namespace qd::api::merge
