// Trees of structs, without a text in between. What json_encode.cpp writes and parseJson reads back is the same tree;
// the golden files hold the two to it.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>

#include "cluster/api/codec/json_text.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/omit_empty.h"
#include "cluster/api/codec/utf8.h"
#include "cluster/api/compare.h"
#include "cluster/api/custom_object.h"
#include "cluster/api/values.h"

namespace qd::api {

namespace json = boost::json;

namespace {

const std::byte* bytes(const void* at) {
    return static_cast<const std::byte*>(at);
}

template <typename T>
const T& as(const void* value) {
    return *static_cast<const T*>(value);
}

bool isAscii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

json::value numberValue(double number) {
    constexpr double kLimit = 9223372036854775808.0;
    if (number == std::trunc(number) && number >= -kLimit && number < kLimit) return static_cast<std::int64_t>(number);
    return number;
}

bool isWritten(const Field& field, const void* member) {
    return !(field.omitEmpty && isEmpty(field.type(), member)) && !(field.omitZero && isZero(field.type(), member));
}

std::size_t countMembers(const Struct& structure, const void* value) {
    std::size_t count = 0;
    for (const Field& field : structure.fields) {
        const void* member = bytes(value) + field.offset;
        if (field.inlined) {
            count += countMembers(*field.type().structure, member);
        } else if (isWritten(field, member)) {
            ++count;
        }
    }
    return count;
}

class TreeEncoder {
public:
    explicit TreeEncoder(json::storage_ptr memory) : m_memory(std::move(memory)) {}

    json::object object(const Struct& structure, const void* value) {
        json::object object(m_memory);
        object.reserve(countMembers(structure, value) + (structure.isObject ? 2 : 0));
        addKind(object, structure);
        addMembers(object, structure, value);
        return object;
    }

    json::object objectWith(std::span<const Field* const> fields, const Struct& structure, const void* value) {
        json::object object(m_memory);
        object.reserve(fields.size() + 2);
        addKind(object, structure);
        for (const Field* field : fields) addMember(object, *field, value);
        return object;
    }

private:
    json::value text(std::string_view text) {
        if (isAscii(text)) return json::string(text, m_memory);
        std::string valid;
        valid.reserve(text.size());
        while (!text.empty()) text.remove_prefix(appendValidUtf8(valid, text));
        return json::string(valid, m_memory);
    }

    json::value base64(const Bytes& value) {
        std::string quoted;
        appendJsonBase64(quoted, value.data);
        return text(std::string_view(quoted).substr(1, quoted.size() - 2));
    }

    template <typename T>
    json::value time(const T& time) {
        return time.isZero() ? json::value() : text(time.toString());
    }

    json::value value(const Type& type, const void* value) {
        switch (type.shape) {
            case Shape::Bool:
                return as<bool>(value);
            case Shape::Int32:
                return std::int64_t{as<std::int32_t>(value)};
            case Shape::Int64:
                return as<std::int64_t>(value);
            case Shape::Double:
                return numberValue(as<double>(value));
            case Shape::String:
                return text(as<std::string>(value));
            case Shape::Bytes:
                return as<Bytes>(value).empty() ? json::value() : base64(as<Bytes>(value));
            case Shape::Struct:
                return structValue(*type.structure, value);
            case Shape::Pointer: {
                const void* target = type.pointer->get(value);
                return target ? this->value(*type.element, target) : json::value();
            }
            case Shape::List:
                return list(type, value);
            case Shape::Map:
                return map(type, value);
            case Shape::Time:
                return time(as<Time>(value));
            case Shape::MicroTime:
                return time(as<MicroTime>(value));
            case Shape::Duration:
                return text(as<Duration>(value).toString());
            case Shape::Quantity:
                return text(as<Quantity>(value).toString());
            case Shape::IntOrString: {
                const auto& either = as<IntOrString>(value);
                return either.isString ? text(either.text) : json::value(std::int64_t{either.number});
            }
            case Shape::RawExtension:
            case Shape::FieldsV1:
            case Shape::Json: {
                const auto& raw = as<JsonText>(value);
                return raw.empty() ? json::value() : parseJson(raw.raw, nullptr, m_memory).value();
            }
        }
        return nullptr;
    }

    json::value structValue(const Struct& structure, const void* value) {
        if (structure.form == JsonForm::Object) return object(structure, value);
        // The second of its two fields wins when it is there: the schema over `allows`, the array over the schema.
        const Field& first = structure.fields[0];
        const Field& second = structure.fields[1];
        const void* secondValue = bytes(value) + second.offset;
        const bool hasSecond = !isEmpty(second.type(), secondValue);
        return hasSecond ? this->value(second.type(), secondValue) : this->value(first.type(), bytes(value) + first.offset);
    }

    void addKind(json::object& object, const Struct& structure) {
        if (!structure.isObject) return;
        object.emplace("kind", text(structure.kind->kind));
        object.emplace("apiVersion", text(structure.kind->apiVersion));
    }

    void addMembers(json::object& object, const Struct& structure, const void* value) {
        for (const Field& field : structure.fields) addMember(object, field, value);
    }

    void addMember(json::object& object, const Field& field, const void* value) {
        const void* member = bytes(value) + field.offset;
        if (field.inlined) {
            addMembers(object, *field.type().structure, member);
        } else if (isWritten(field, member)) {
            object.insert_or_assign(field.name, this->value(field.type(), member));
        }
    }

    json::value list(const Type& type, const void* value) {
        const std::size_t size = type.list->size(value);
        if (size == 0) return nullptr;
        const std::byte* data = bytes(type.list->data(value));
        json::array list(m_memory);
        list.reserve(size);
        for (std::size_t i = 0; i < size; ++i) list.push_back(this->value(*type.element, data + i * type.element->size));
        return list;
    }

    json::value map(const Type& type, const void* value) {
        const std::size_t size = type.map->size(value);
        if (size == 0) return nullptr;
        struct Context {
            TreeEncoder& encoder;
            const Type& element;
            json::object map;
        } context{*this, *type.element, json::object(m_memory)};
        context.map.reserve(size);
        type.map->visit(value, &context, [](void* opaque, const std::string& key, const void* item) {
            auto& c = *static_cast<Context*>(opaque);
            // A key of a Secret whose value is empty is an empty text, not null.
            const bool isBytes = c.element.shape == Shape::Bytes;
            c.map.insert_or_assign(key, isBytes ? c.encoder.base64(as<Bytes>(item)) : c.encoder.value(c.element, item));
            return true;
        });
        return std::move(context.map);
    }

    json::storage_ptr m_memory;
};

}  // namespace

json::value toTree(const Object& object, json::storage_ptr memory) {
    if (const CustomObject* custom = object.asCustom()) return json::value(custom->toTree(), std::move(memory));
    return toTree(object.descriptor(), &object, std::move(memory));
}

json::value toTree(const Struct& structure, const void* value, json::storage_ptr memory) {
    return TreeEncoder(std::move(memory)).object(structure, value);
}

TreePair changedTrees(const Object& before, const Object& after, json::storage_ptr memory) {
    if (before.asCustom() || after.asCustom()) return {toTree(before, memory), toTree(after, memory)};
    const Struct& structure = after.descriptor();
    std::vector<const Field*> changed;
    for (const Field& field : structure.fields) {
        const bool isSame = identical(field.type(), bytes(&before) + field.offset, bytes(&after) + field.offset);
        if (!isSame || field.name == "metadata") changed.push_back(&field);
    }
    TreeEncoder encoder(std::move(memory));
    return {encoder.objectWith(changed, structure, &before), encoder.objectWith(changed, structure, &after)};
}

}  // namespace qd::api
