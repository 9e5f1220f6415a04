#include "cluster/api/merge/json_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <vector>

namespace qd::api::merge {
namespace {

bool isInteger(const json::value& v) {
    return v.is_int64() || v.is_uint64();
}

int sign(bool less, bool greater) {
    return less ? -1 : greater ? 1 : 0;
}

int compareNumbers(const json::value& a, const json::value& b) {
    if (a.is_int64() && b.is_int64()) return sign(a.get_int64() < b.get_int64(), a.get_int64() > b.get_int64());
    if (a.is_uint64() && b.is_uint64()) return sign(a.get_uint64() < b.get_uint64(), a.get_uint64() > b.get_uint64());
    if (a.is_int64() && b.is_uint64()) {
        if (a.get_int64() < 0) return -1;
        const auto left = static_cast<std::uint64_t>(a.get_int64());
        return sign(left<b.get_uint64(), left> b.get_uint64());
    }
    if (a.is_uint64() && b.is_int64()) return -compareNumbers(b, a);
    const double left = a.is_double() ? a.get_double() : a.to_number<double>();
    const double right = b.is_double() ? b.get_double() : b.to_number<double>();
    return sign(left<right, left> right);
}

// Numbers first, then strings, booleans, lists, objects and null.
int rank(const json::value& v) {
    switch (v.kind()) {
        case json::kind::int64:
        case json::kind::uint64:
        case json::kind::double_:
            return 0;
        case json::kind::string:
            return 1;
        case json::kind::bool_:
            return 2;
        case json::kind::array:
            return 3;
        case json::kind::object:
            return 4;
        case json::kind::null:
            break;
    }
    return 5;
}

std::vector<std::string_view> sortedNames(const json::object& object) {
    std::vector<std::string_view> names;
    names.reserve(object.size());
    for (const auto& member : object) names.emplace_back(member.key().data(), member.key().size());
    std::ranges::sort(names);
    return names;
}

int compareObjects(const json::object& a, const json::object& b) {
    const auto left = sortedNames(a);
    const auto right = sortedNames(b);
    for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
        if (const int order = left[i].compare(right[i]); order != 0) return order;
        if (const int order = compareValues(a.at(left[i]), b.at(right[i])); order != 0) return order;
    }
    return sign(left.size() < right.size(), left.size() > right.size());
}

int compareArrays(const json::array& a, const json::array& b) {
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
        if (const int order = compareValues(a[i], b[i]); order != 0) return order;
    }
    return sign(a.size() < b.size(), a.size() > b.size());
}

void appendGoString(std::string& out, std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    out += '"';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
            out += "\\u00";
            out += kHex[byte >> 4U];
            out += kHex[byte & 0xFU];
        } else if (text.substr(i).starts_with("\xE2\x80\xA8") || text.substr(i).starts_with("\xE2\x80\xA9")) {
            out += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            out += c;
        }
    }
    out += '"';
}

void appendDouble(std::string& out, double number) {
    const double size = std::abs(number);
    if (size != 0 && (size < 1e-6 || size >= 1e21)) {
        fmt::format_to(std::back_inserter(out), "{:e}", number);
    } else if (number == std::floor(number)) {
        fmt::format_to(std::back_inserter(out), "{:.0f}", number);
    } else {
        fmt::format_to(std::back_inserter(out), "{}", number);
    }
}

}  // namespace

bool equalValues(const json::value& a, const json::value& b) {
    if (a.is_string()) return b.is_string() && a.get_string() == b.get_string();
    if (a.is_object()) {
        if (!b.is_object() || a.get_object().size() != b.get_object().size()) return false;
        const json::object& other = b.get_object();
        // Objects that come from the same writer have their members in the same order: try that before looking up.
        auto hint = other.begin();
        for (const auto& member : a.get_object()) {
            const json::value* value = nullptr;
            if (hint != other.end() && hint->key() == member.key()) {
                value = &hint->value();
                ++hint;
            } else {
                value = other.if_contains(member.key());
            }
            if (value == nullptr || !equalValues(member.value(), *value)) return false;
        }
        return true;
    }
    if (a.is_array()) {
        return b.is_array() && std::ranges::equal(a.get_array(), b.get_array(), equalValues);
    }
    if (a.is_bool()) return b.is_bool() && a.get_bool() == b.get_bool();
    if (a.is_null()) return b.is_null();
    return rank(b) == 0 && compareNumbers(a, b) == 0;
}

int compareValues(const json::value& a, const json::value& b) {
    if (const int order = rank(a) - rank(b); order != 0) return order;
    switch (rank(a)) {
        case 0:
            return compareNumbers(a, b);
        case 1:
            return std::string_view(a.get_string()).compare(b.get_string());
        case 2:
            return static_cast<int>(a.get_bool()) - static_cast<int>(b.get_bool());
        case 3:
            return compareArrays(a.get_array(), b.get_array());
        case 4:
            return compareObjects(a.get_object(), b.get_object());
        default:
            return 0;
    }
}

void appendGoJson(std::string& out, const json::value& value) {
    if (value.is_string()) {
        appendGoString(out, value.get_string());
    } else if (value.is_object()) {
        out += '{';
        bool first = true;
        for (const auto name : sortedNames(value.get_object())) {
            if (!first) out += ',';
            first = false;
            appendGoString(out, name);
            out += ':';
            appendGoJson(out, value.get_object().at(name));
        }
        out += '}';
    } else if (value.is_array()) {
        out += '[';
        for (std::size_t i = 0; i < value.get_array().size(); ++i) {
            if (i != 0) out += ',';
            appendGoJson(out, value.get_array()[i]);
        }
        out += ']';
    } else if (value.is_double()) {
        appendDouble(out, value.get_double());
    } else if (isInteger(value)) {
        out +=
            value.is_int64() ? fmt::format_int(value.get_int64()).c_str() : fmt::format_int(value.get_uint64()).c_str();
    } else {
        out += value.is_null() ? "null" : value.get_bool() ? "true" : "false";
    }
}

std::string_view goTypeName(const json::value& value) {
    switch (value.kind()) {
        case json::kind::object:
            return "map[string]interface {}";
        case json::kind::array:
            return "[]interface {}";
        case json::kind::string:
            return "string";
        case json::kind::bool_:
            return "bool";
        case json::kind::int64:
        case json::kind::uint64:
            return "int64";
        case json::kind::double_:
            return "float64";
        case json::kind::null:
            break;
    }
    return "%!s(<nil>)";
}

void appendGoPrint(std::string& out, const json::value& value) {
    if (value.is_object()) {
        out += "map[";
        bool first = true;
        for (const auto name : sortedNames(value.get_object())) {
            if (!first) out += ' ';
            first = false;
            out += name;
            out += ':';
            appendGoPrint(out, value.get_object().at(name));
        }
        out += ']';
    } else if (value.is_array()) {
        out += '[';
        for (std::size_t i = 0; i < value.get_array().size(); ++i) {
            if (i != 0) out += ' ';
            appendGoPrint(out, value.get_array()[i]);
        }
        out += ']';
    } else if (value.is_string()) {
        out += std::string_view(value.get_string());
    } else if (value.is_null()) {
        out += "<nil>";
    } else {
        appendGoJson(out, value);
    }
}

}  // namespace qd::api::merge
