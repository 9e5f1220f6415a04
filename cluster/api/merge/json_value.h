// What patches and server-side apply need to know about JSON values beyond Boost.JSON: equality and order as
// structured-merge-diff has them, and text as Go's encoder writes it.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace qd::api::merge {

namespace json = boost::json;

// Deep equality; 1, 1u and 1.0 are one number, and the order of an object's members does not matter.
bool equalValues(const json::value& a, const json::value& b);

// Total order: numbers (by value), then strings, booleans, lists, objects, null. Negative, zero or positive.
int compareValues(const json::value& a, const json::value& b);

// Appends the value as Go's encoding/json writes it: members sorted by name, and <, > and & in strings escaped.
void appendGoJson(std::string& out, const json::value& value);

// The Go type of a JSON value as strategic merge patch names it in its messages, e.g. "map[string]interface {}".
std::string_view goTypeName(const json::value& value);

// The value as Go's %v prints the decoded value, e.g. map[spec:map[replicas:3]].
void appendGoPrint(std::string& out, const json::value& value);

}  // namespace qd::api::merge
