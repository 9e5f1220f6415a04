#include "cluster/api/openapi/gnostic.h"

#include <algorithm>
#include <bit>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <span>
#include <string_view>

namespace qd::api::openapi {
namespace {

namespace json = boost::json;

// One protobuf message under construction.
class Message {
public:
    void text(std::uint32_t number, std::string_view value) {
        tag(number, 2);
        varint(value.size());
        m_bytes += value;
    }
    void message(std::uint32_t number, const Message& value) { text(number, value.m_bytes); }
    void integer(std::uint32_t number, std::int64_t value) {
        tag(number, 0);
        varint(static_cast<std::uint64_t>(value));
    }
    void number(std::uint32_t field, double value) {
        tag(field, 1);
        auto bits = std::bit_cast<std::uint64_t>(value);
        for (int i = 0; i < 8; ++i, bits >>= 8U) m_bytes += static_cast<char>(bits & 0xFFU);
    }
    std::string take() { return std::move(m_bytes); }

private:
    void tag(std::uint32_t number, std::uint32_t wireType) { varint((std::uint64_t{number} << 3U) | wireType); }
    void varint(std::uint64_t value) {
        while (value >= 0x80U) {
            m_bytes += static_cast<char>((value & 0x7FU) | 0x80U);
            value >>= 7U;
        }
        m_bytes += static_cast<char>(value);
    }

    std::string m_bytes;
};

enum class Kind : std::uint8_t { Text, Bool, Integer, Number, Texts, Any, Anys, Of, ListOf, NamedOf };

using Encoder = Message (*)(const json::value&);

// How one member of a JSON object is written.
struct Member {
    std::string_view name;
    std::uint32_t number;
    Kind kind;
    Encoder encode = nullptr;  // of Of, ListOf and NamedOf
};

Message any(const json::value& value) {
    Message out;
    out.text(2, json::serialize(value) + '\n');  // JSON is YAML
    return out;
}

Message named(std::string_view name, const Message& value) {
    Message out;
    out.text(1, name);
    out.message(2, value);
    return out;
}

void writeMember(Message& out, const Member& member, const json::value& value) {
    switch (member.kind) {
        case Kind::Text:
            if (value.is_string()) out.text(member.number, value.get_string());
            break;
        case Kind::Bool:
            if (value.is_bool()) out.integer(member.number, value.get_bool() ? 1 : 0);
            break;
        case Kind::Integer:
            if (value.is_number()) out.integer(member.number, value.to_number<std::int64_t>());
            break;
        case Kind::Number:
            if (value.is_number()) out.number(member.number, value.to_number<double>());
            break;
        case Kind::Texts:
            if (!value.is_array()) break;
            for (const auto& item : value.get_array()) out.text(member.number, item.as_string());
            break;
        case Kind::Any:
            out.message(member.number, any(value));
            break;
        case Kind::Anys:
            if (!value.is_array()) break;
            for (const auto& item : value.get_array()) out.message(member.number, any(item));
            break;
        case Kind::Of:
            out.message(member.number, member.encode(value));
            break;
        case Kind::ListOf:
            if (!value.is_array()) break;
            for (const auto& item : value.get_array()) out.message(member.number, member.encode(item));
            break;
        case Kind::NamedOf:
            if (!value.is_object()) break;
            for (const auto& item : value.get_object()) {
                out.message(member.number, named({item.key().data(), item.key().size()}, member.encode(item.value())));
            }
            break;
    }
}

// Writes an object by its table of members; extensions go to the field `extensions`, if there is one.
Message write(const json::value& value, std::span<const Member> members, std::uint32_t extensions) {
    Message out;
    const json::object* object = value.if_object();
    if (object == nullptr) return out;
    for (const auto& entry : *object) {
        const std::string_view name(entry.key().data(), entry.key().size());
        if (name.starts_with("x-")) {
            if (extensions != 0) out.message(extensions, named(name, any(entry.value())));
            continue;
        }
        const auto member = std::ranges::find(members, name, &Member::name);
        if (member != members.end()) writeMember(out, *member, entry.value());
    }
    return out;
}

// The object as a message whose one field is a list of named values.
template <Encoder encode, std::uint32_t number = 1>
Message namedMap(const json::value& value) {
    Message out;
    writeMember(out, {"", number, Kind::NamedOf, encode}, value);
    return out;
}

Message schema(const json::value& value);

Message typeItem(const json::value& value) {
    Message out;
    if (value.is_string()) out.text(1, value.get_string());
    writeMember(out, {"", 1, Kind::Texts}, value);
    return out;
}

Message itemsItem(const json::value& value) {
    Message out;
    out.message(1, schema(value));
    return out;
}

Message additionalProperties(const json::value& value) {
    Message out;
    if (value.is_bool()) {
        out.integer(2, value.get_bool() ? 1 : 0);
    } else {
        out.message(1, schema(value));
    }
    return out;
}

Message schema(const json::value& value) {
    static constexpr Member kMembers[] = {{"$ref", 1, Kind::Text},
                                          {"format", 2, Kind::Text},
                                          {"title", 3, Kind::Text},
                                          {"description", 4, Kind::Text},
                                          {"default", 5, Kind::Any},
                                          {"multipleOf", 6, Kind::Number},
                                          {"maximum", 7, Kind::Number},
                                          {"exclusiveMaximum", 8, Kind::Bool},
                                          {"minimum", 9, Kind::Number},
                                          {"exclusiveMinimum", 10, Kind::Bool},
                                          {"maxLength", 11, Kind::Integer},
                                          {"minLength", 12, Kind::Integer},
                                          {"pattern", 13, Kind::Text},
                                          {"maxItems", 14, Kind::Integer},
                                          {"minItems", 15, Kind::Integer},
                                          {"uniqueItems", 16, Kind::Bool},
                                          {"maxProperties", 17, Kind::Integer},
                                          {"minProperties", 18, Kind::Integer},
                                          {"required", 19, Kind::Texts},
                                          {"enum", 20, Kind::Anys},
                                          {"additionalProperties", 21, Kind::Of, additionalProperties},
                                          {"type", 22, Kind::Of, typeItem},
                                          {"items", 23, Kind::Of, itemsItem},
                                          {"allOf", 24, Kind::ListOf, schema},
                                          {"properties", 25, Kind::Of, namedMap<schema>},
                                          {"readOnly", 27, Kind::Bool},
                                          {"example", 30, Kind::Any}};
    return write(value, kMembers, 31);
}

Message bodyParameter(const json::value& value) {
    static constexpr Member kMembers[] = {{"description", 1, Kind::Text},
                                          {"name", 2, Kind::Text},
                                          {"in", 3, Kind::Text},
                                          {"required", 4, Kind::Bool},
                                          {"schema", 5, Kind::Of, schema}};
    return write(value, kMembers, 6);
}

Message queryParameter(const json::value& value) {
    static constexpr Member kMembers[] = {
        {"required", 1, Kind::Bool}, {"in", 2, Kind::Text},     {"description", 3, Kind::Text}, {"name", 4, Kind::Text},
        {"type", 6, Kind::Text},     {"format", 7, Kind::Text}, {"uniqueItems", 20, Kind::Bool}};
    return write(value, kMembers, 23);
}

Message pathParameter(const json::value& value) {
    static constexpr Member kMembers[] = {
        {"required", 1, Kind::Bool}, {"in", 2, Kind::Text},     {"description", 3, Kind::Text}, {"name", 4, Kind::Text},
        {"type", 5, Kind::Text},     {"format", 6, Kind::Text}, {"uniqueItems", 19, Kind::Bool}};
    return write(value, kMembers, 22);
}

Message parametersItem(const json::value& value) {
    const json::value* in = value.is_object() ? value.get_object().if_contains("in") : nullptr;
    Message parameter;
    if (in != nullptr && *in == "body") {
        parameter.message(1, bodyParameter(value));
    } else {
        Message nonBody;
        if (in != nullptr && *in == "path") {
            nonBody.message(4, pathParameter(value));
        } else {
            nonBody.message(3, queryParameter(value));
        }
        parameter.message(2, nonBody);
    }
    Message out;
    out.message(1, parameter);
    return out;
}

Message schemaItem(const json::value& value) {
    Message out;
    out.message(1, schema(value));
    return out;
}

Message responseValue(const json::value& value) {
    static constexpr Member kMembers[] = {{"description", 1, Kind::Text}, {"schema", 2, Kind::Of, schemaItem}};
    Message out;
    out.message(1, write(value, kMembers, 5));
    return out;
}

Message operation(const json::value& value) {
    static constexpr Member kMembers[] = {{"tags", 1, Kind::Texts},
                                          {"summary", 2, Kind::Text},
                                          {"description", 3, Kind::Text},
                                          {"operationId", 5, Kind::Text},
                                          {"produces", 6, Kind::Texts},
                                          {"consumes", 7, Kind::Texts},
                                          {"parameters", 8, Kind::ListOf, parametersItem},
                                          {"responses", 9, Kind::Of, namedMap<responseValue>},
                                          {"schemes", 10, Kind::Texts},
                                          {"deprecated", 11, Kind::Bool}};
    return write(value, kMembers, 13);
}

Message pathItem(const json::value& value) {
    static constexpr Member kMembers[] = {
        {"get", 2, Kind::Of, operation},     {"put", 3, Kind::Of, operation},
        {"post", 4, Kind::Of, operation},    {"delete", 5, Kind::Of, operation},
        {"options", 6, Kind::Of, operation}, {"head", 7, Kind::Of, operation},
        {"patch", 8, Kind::Of, operation},   {"parameters", 9, Kind::ListOf, parametersItem}};
    return write(value, kMembers, 10);
}

Message info(const json::value& value) {
    static constexpr Member kMembers[] = {
        {"title", 1, Kind::Text}, {"version", 2, Kind::Text}, {"description", 3, Kind::Text}};
    return write(value, kMembers, 7);
}

Message securityDefinition(const json::value& value) {
    static constexpr Member kMembers[] = {
        {"type", 1, Kind::Text}, {"name", 2, Kind::Text}, {"in", 3, Kind::Text}, {"description", 4, Kind::Text}};
    Message out;
    out.message(2, write(value, kMembers, 5));
    return out;
}

Message texts(const json::value& value) {
    Message out;
    writeMember(out, {"", 1, Kind::Texts}, value);
    return out;
}

}  // namespace

std::string encodeGnostic(const json::object& document) {
    static constexpr Member kMembers[] = {{"swagger", 1, Kind::Text},
                                          {"info", 2, Kind::Of, info},
                                          {"host", 3, Kind::Text},
                                          {"basePath", 4, Kind::Text},
                                          {"schemes", 5, Kind::Texts},
                                          {"consumes", 6, Kind::Texts},
                                          {"produces", 7, Kind::Texts},
                                          {"paths", 8, Kind::Of, namedMap<pathItem, 2>},
                                          {"definitions", 9, Kind::Of, namedMap<schema>},
                                          {"security", 12, Kind::ListOf, namedMap<texts>},
                                          {"securityDefinitions", 13, Kind::Of, namedMap<securityDefinition>}};
    return write(document, kMembers, 16).take();
}

}  // namespace qd::api::openapi
