#include "cluster/api/merge/json_patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <optional>
#include <string_view>

#include "cluster/api/merge/json_value.h"

namespace qd::api::merge {
namespace {

// One token of a JSON pointer with ~1 and ~0 decoded.
std::string decodeToken(std::string_view token) {
    std::string decoded;
    decoded.reserve(token.size());
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
            decoded += token[i + 1] == '0' ? '~' : '/';
            ++i;
        } else {
            decoded += token[i];
        }
    }
    return decoded;
}

std::vector<std::string> tokens(std::string_view pointer) {
    std::vector<std::string> all;
    std::size_t begin = pointer.find('/');
    while (begin != std::string_view::npos) {
        const std::size_t end = pointer.find('/', begin + 1);
        all.push_back(decodeToken(pointer.substr(begin + 1, end == std::string_view::npos ? end : end - begin - 1)));
        begin = end;
    }
    return all;
}

std::optional<std::int64_t> parseIndex(std::string_view token) {
    if (token.starts_with('+')) token.remove_prefix(1);
    std::int64_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
    return index;
}

// An index into a list of `size` elements; negative ones count from the end.
std::optional<std::size_t> position(std::string_view token, std::size_t size) {
    const auto index = parseIndex(token);
    if (!index) return std::nullopt;
    const auto limit = static_cast<std::int64_t>(size);
    if (*index >= limit || *index < -limit) return std::nullopt;
    return static_cast<std::size_t>(*index < 0 ? *index + limit : *index);
}

// An object or list and the name or index within it that a pointer leads to.
struct Place {
    json::value* container;
    std::string key;
};

std::optional<Place> locate(json::value& document, std::string_view pointer) {
    auto path = tokens(pointer);
    if (path.empty()) return std::nullopt;
    json::value* at = &document;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        json::value* next = nullptr;
        if (at->is_object()) {
            next = at->get_object().if_contains(path[i]);
        } else if (at->is_array()) {
            const auto index = position(path[i], at->get_array().size());
            if (index) next = &at->get_array()[*index];
        }
        if (next == nullptr || (!next->is_object() && !next->is_array())) return std::nullopt;
        at = next;
    }
    return Place{at, std::move(path.back())};
}

enum class Lookup { Found, Absent, Unreachable };

// A missing member of an object is Absent (which some operations accept), a wrong index is Unreachable.
Lookup lookUp(const Place& place, json::value*& found) {
    if (place.container->is_object()) {
        found = place.container->get_object().if_contains(place.key);
        return found == nullptr ? Lookup::Absent : Lookup::Found;
    }
    const auto index = position(place.key, place.container->get_array().size());
    if (!index) return Lookup::Unreachable;
    found = &place.container->get_array()[*index];
    return Lookup::Found;
}

bool add(const Place& place, json::value value) {
    if (place.container->is_object()) {
        place.container->get_object().insert_or_assign(place.key, std::move(value));
        return true;
    }
    json::array& list = place.container->get_array();
    if (place.key == "-") {
        list.push_back(std::move(value));
        return true;
    }
    const auto index = position(place.key, list.size() + 1);
    if (!index) return false;
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
    return true;
}

bool remove(const Place& place) {
    if (place.container->is_object()) return place.container->get_object().erase(place.key) != 0;
    json::array& list = place.container->get_array();
    const auto index = position(place.key, list.size());
    if (!index) return false;
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(*index));
    return true;
}

// The text of a member of an operation; nullopt when it is absent or no string.
std::optional<std::string_view> text(const json::object& operation, std::string_view name) {
    const json::value* member = operation.if_contains(name);
    if (member == nullptr || !member->is_string()) return std::nullopt;
    return std::string_view(member->get_string());
}

json::value valueOf(const json::object& operation) {
    const json::value* member = operation.if_contains("value");
    return member == nullptr ? json::value(nullptr) : *member;
}

bool replace(json::value& document, const json::object& operation, std::string_view path) {
    json::value value = valueOf(operation);
    if (path.empty()) {
        if (!value.is_object() && !value.is_array()) return false;
        document = std::move(value);
        return true;
    }
    const auto place = locate(document, path);
    json::value* found = nullptr;
    if (!place || lookUp(*place, found) == Lookup::Unreachable) return false;
    if (found != nullptr) {
        *found = std::move(value);
        return true;
    }
    return add(*place, std::move(value));
}

bool test(json::value& document, const json::object& operation, std::string_view path) {
    const json::value expected = valueOf(operation);
    if (path.empty()) return equalValues(document, expected);
    const auto place = locate(document, path);
    json::value* found = nullptr;
    if (!place || lookUp(*place, found) == Lookup::Unreachable) return false;
    return found == nullptr ? expected.is_null() : equalValues(*found, expected);
}

bool transfer(json::value& document, const json::object& operation, std::string_view path, bool move) {
    const auto from = text(operation, "from");
    if (!from) return false;
    const auto source = locate(document, *from);
    json::value* found = nullptr;
    if (!source || lookUp(*source, found) == Lookup::Unreachable) return false;
    json::value value = found == nullptr ? json::value(nullptr) : *found;
    if (move && !remove(*source)) return false;
    const auto destination = locate(document, path);
    return destination && add(*destination, std::move(value));
}

bool applyOperation(json::value& document, const json::object& operation) {
    const auto kind = text(operation, "op");
    const auto path = text(operation, "path");
    if (!kind || !path) return false;
    if (*kind == "replace") return replace(document, operation, *path);
    if (*kind == "test") return test(document, operation, *path);
    if (*kind == "move" || *kind == "copy") return transfer(document, operation, *path, *kind == "move");
    const auto place = locate(document, *path);
    if (!place) return false;
    if (*kind == "add") return add(*place, valueOf(operation));
    return *kind == "remove" && remove(*place);
}

constexpr std::array<std::string_view, 4> kOperationFields = {"op", "path", "from", "value"};

}  // namespace

Result<json::value> applyJsonPatch(json::value document, const json::value& patch) {
    if (!patch.is_array()) {
        return fail(Reason::BadRequest, fmt::format("json: cannot unmarshal {} into Go value of type jsonpatch.Patch",
                                                    patch.is_object() ? "object" : goTypeName(patch)));
    }
    for (const auto& operation : patch.get_array()) {
        if (operation.is_object()) continue;
        return fail(Reason::BadRequest,
                    fmt::format("json: cannot unmarshal {} into Go value of type jsonpatch.Operation",
                                operation.is_array() ? "array" : goTypeName(operation)));
    }
    if (patch.get_array().size() > kMaxJsonPatchOperations) {
        return fail(Reason::RequestEntityTooLarge,
                    fmt::format("The allowed maximum operations in a JSON patch is {}, got {}", kMaxJsonPatchOperations,
                                patch.get_array().size()));
    }
    for (const auto& operation : patch.get_array()) {
        if (applyOperation(document, operation.get_object())) continue;
        Error error{Reason::Invalid, "the server rejected our request due to an error in our request"};
        error.details = base::ErrorDetails{};
        return fail(std::move(error));
    }
    return document;
}

std::vector<std::string> unknownJsonPatchFields(const json::value& patch) {
    std::vector<std::string> unknown;
    if (!patch.is_array()) return unknown;
    for (std::size_t i = 0; i < patch.get_array().size(); ++i) {
        const json::object* operation = patch.get_array()[i].if_object();
        if (operation == nullptr) continue;
        for (const auto& member : *operation) {
            const std::string_view name(member.key().data(), member.key().size());
            if (std::ranges::find(kOperationFields, name) != kOperationFields.end()) continue;
            unknown.push_back(fmt::format("json patch unknown field \"[{}].{}\"", i, name));
        }
    }
    return unknown;
}

}  // namespace qd::api::merge
