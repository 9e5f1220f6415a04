#include "cluster/api/assign.h"

#include <cstddef>

#include "cluster/api/values.h"

namespace qd::api {
namespace {

template <typename T>
void assignAs(void* to, const void* from) {
    *static_cast<T*>(to) = *static_cast<const T*>(from);
}

std::byte* at(void* value, std::size_t offset) {
    return static_cast<std::byte*>(value) + offset;
}
const std::byte* at(const void* value, std::size_t offset) {
    return static_cast<const std::byte*>(value) + offset;
}

// Calls visit with the C++ type that carries a plain shape; false for shapes made of other values.
template <typename Visit>
bool withPlainType(Shape shape, Visit&& visit) {
    switch (shape) {
        case Shape::Bool:
            visit.template operator()<bool>();
            return true;
        case Shape::Int32:
            visit.template operator()<std::int32_t>();
            return true;
        case Shape::Int64:
            visit.template operator()<std::int64_t>();
            return true;
        case Shape::Double:
            visit.template operator()<double>();
            return true;
        case Shape::String:
            visit.template operator()<std::string>();
            return true;
        case Shape::Bytes:
            visit.template operator()<Bytes>();
            return true;
        case Shape::Time:
            visit.template operator()<Time>();
            return true;
        case Shape::MicroTime:
            visit.template operator()<MicroTime>();
            return true;
        case Shape::Duration:
            visit.template operator()<Duration>();
            return true;
        case Shape::Quantity:
            visit.template operator()<Quantity>();
            return true;
        case Shape::IntOrString:
            visit.template operator()<IntOrString>();
            return true;
        case Shape::RawExtension:
            visit.template operator()<RawExtension>();
            return true;
        case Shape::FieldsV1:
            visit.template operator()<FieldsV1>();
            return true;
        case Shape::Json:
            visit.template operator()<Json>();
            return true;
        case Shape::Struct:
        case Shape::Pointer:
        case Shape::List:
        case Shape::Map:
            return false;
    }
    return false;
}

void assignList(const Type& type, void* to, const void* from) {
    const std::size_t count = type.list->size(from);
    type.list->resize(to, 0);
    type.list->resize(to, count);
    auto* target = const_cast<void*>(type.list->data(to));
    for (std::size_t i = 0; i < count; ++i) {
        assign(*type.element, at(target, i * type.element->size), at(type.list->data(from), i * type.element->size));
    }
}

void assignMap(const Type& type, void* to, const void* from) {
    struct Context {
        const Type& type;
        void* to;
    } context{type, to};
    type.map->clear(to);
    type.map->visit(from, &context, [](void* where, const std::string& key, const void* value) {
        auto& target = *static_cast<Context*>(where);
        assign(*target.type.element, target.type.map->insert(target.to, key), value);
        return true;
    });
}

}  // namespace

void assign(const Type& type, void* to, const void* from) {
    if (to == from) return;
    if (withPlainType(type.shape, [&]<typename T>() { assignAs<T>(to, from); })) return;
    switch (type.shape) {
        case Shape::Struct:
            return assign(*type.structure, to, from);
        case Shape::List:
            return assignList(type, to, from);
        case Shape::Map:
            return assignMap(type, to, from);
        default:
            break;
    }
    type.pointer->reset(to);
    if (const void* value = type.pointer->get(from)) assign(*type.element, type.pointer->emplace(to), value);
}

void assign(const Struct& structure, void* to, const void* from) {
    for (const Field& field : structure.fields) assign(field.type(), at(to, field.offset), at(from, field.offset));
}

void reset(const Type& type, void* value) {
    if (withPlainType(type.shape, [&]<typename T>() { *static_cast<T*>(value) = T(); })) return;
    switch (type.shape) {
        case Shape::Struct:
            reset(*type.structure, value);
            break;
        case Shape::List:
            type.list->resize(value, 0);
            break;
        case Shape::Map:
            type.map->clear(value);
            break;
        default:
            type.pointer->reset(value);
    }
}

void reset(const Struct& structure, void* value) {
    for (const Field& field : structure.fields) reset(field.type(), at(value, field.offset));
}

}  // namespace qd::api
