#include "cluster/api/codec/tree_fit.h"

#include <fmt/format.h>

#include <cmath>

#include "cluster/api/codec/json_text.h"

namespace qd::api {
namespace {

namespace json = boost::json;

Result<void> misfit(std::string message) {
    return fail(Reason::BadRequest, std::move(message));
}

// The kind of the Go value that stands for it.
std::string_view goKind(const json::value& value) {
    switch (value.kind()) {
        case json::kind::object:
            return "map";
        case json::kind::array:
            return "slice";
        case json::kind::string:
            return "string";
        case json::kind::bool_:
            return "bool";
        case json::kind::int64:
            return "int64";
        default:
            return "float64";
    }
}

Result<void> checkNumber(const json::value& value, std::string_view type) {
    if (!value.is_number()) return misfit(fmt::format("unrecognized type: {}", type));
    if (type == "float64" || !value.is_double()) return {};
    const double number = value.get_double();
    if (number == std::trunc(number)) return {};
    return misfit(fmt::format("cannot convert float64 to {}", type));
}

Result<void> checkString(const json::value& value) {
    if (value.is_string()) return {};
    if (value.is_int64()) return misfit("cannot convert int64 to string");
    return misfit("unrecognized type: string");
}

Result<void> checkBytes(const json::value& value) {
    if (value.is_array()) return {};
    if (!value.is_string()) return misfit(fmt::format("cannot restore slice from {}", goKind(value)));
    std::string decoded;
    std::size_t position = 0;
    if (decodeBase64(value.get_string(), decoded, position)) return {};
    return misfit(fmt::format("error decoding from json: illegal base64 data at input byte {}", position));
}

Result<void> checkValue(const json::value& value, const Type& type) {
    if (value.is_null()) return {};
    switch (type.shape) {
        case Shape::Bool:
            return value.is_bool() ? Result<void>{} : misfit("unrecognized type: bool");
        case Shape::Int32:
            return checkNumber(value, "int32");
        case Shape::Int64:
            return checkNumber(value, "int64");
        case Shape::Double:
            return checkNumber(value, "float64");
        case Shape::String:
            return checkString(value);
        case Shape::Bytes:
            return checkBytes(value);
        case Shape::Struct:
            return checkFit(value, *type.structure);
        case Shape::Pointer:
            return checkValue(value, *type.element);
        case Shape::List:
            if (!value.is_array()) return misfit(fmt::format("cannot restore slice from {}", goKind(value)));
            for (const json::value& each : value.get_array()) {
                if (auto fits = checkValue(each, *type.element); !fits) return fits;
            }
            return {};
        case Shape::Map:
            if (!value.is_object()) return misfit(fmt::format("cannot restore map from {}", goKind(value)));
            for (const auto& member : value.get_object()) {
                if (auto fits = checkValue(member.value(), *type.element); !fits) return fits;
            }
            return {};
        default:
            return {};
    }
}

}  // namespace

Result<void> checkFit(const json::value& tree, const Struct& structure) {
    if (structure.form != JsonForm::Object) return {};
    const auto* members = tree.if_object();
    if (!members) return misfit(fmt::format("cannot restore struct from: {}", goKind(tree)));
    for (const Field& field : structure.fields) {
        const json::value* value = field.inlined ? &tree : members->if_contains(field.name);
        if (!value) continue;
        if (auto fits = checkValue(*value, field.type()); !fits) return fits;
    }
    return {};
}

}  // namespace qd::api
