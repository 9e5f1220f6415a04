// The values that are not structs: what Go has types with their own marshalling for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/api/meta/quantity.h"
#include "cluster/api/meta/time.h"

namespace qd::api {

template <typename T>
using Map = std::map<std::string, T, std::less<>>;

// Go's []byte; base64 in JSON.
struct Bytes {
    std::string data;

    bool empty() const { return data.empty(); }
    bool operator==(const Bytes&) const = default;
};

// A bool as an element of a list: std::vector<bool> has no elements to point at.
struct Boolean {
    bool value = false;

    Boolean() = default;
    Boolean(bool b) : value(b) {}
    operator bool() const { return value; }
};

// intstr.IntOrString: a number or a string.
struct IntOrString {
    bool isString = false;
    std::int32_t number = 0;
    std::string text;

    IntOrString() = default;
    IntOrString(std::int32_t value) : number(value) {}
    IntOrString(std::string value) : isString(true), text(std::move(value)) {}
    IntOrString(const char* value) : isString(true), text(value) {}

    // The number in decimal, or the string.
    std::string toString() const { return isString ? text : std::to_string(number); }
    bool operator==(const IntOrString&) const = default;
};

// A JSON text kept as it is. Empty means absent (Go's nil), which JSON writes as null.
struct JsonText {
    std::string raw;

    bool empty() const { return raw.empty(); }
    bool operator==(const JsonText&) const = default;
};

// runtime.RawExtension: an object of any kind.
struct RawExtension : JsonText {
    bool operator==(const RawExtension&) const = default;
};

// The fields that a field manager owns, as the JSON of a set of paths.
struct FieldsV1 : JsonText {
    bool operator==(const FieldsV1&) const = default;
};

// Any JSON value: apiextensions' JSON, the cells of a Table.
struct Json : JsonText {
    bool operator==(const Json&) const = default;
};

}  // namespace qd::api
