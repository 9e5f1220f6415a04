// Makes the Type of a C++ type. Generated code includes this; for others the descriptors suffice.
#pragma once

#include <concepts>
#include <type_traits>

#include "cluster/api/box.h"
#include "cluster/api/descriptor.h"
#include "cluster/api/values.h"

namespace qd::api {

template <typename T>
struct TypeMaker;

template <typename T>
inline constexpr Type kTypeOf = TypeMaker<T>::make();

template <typename T>
const Type& typeOf() {
    return kTypeOf<T>;
}

template <typename T, Shape S>
struct PlainTypeMaker {
    static constexpr Type make() { return {.shape = S, .size = sizeof(T)}; }
};

template <>
struct TypeMaker<bool> : PlainTypeMaker<bool, Shape::Bool> {};
template <>
struct TypeMaker<Boolean> : PlainTypeMaker<Boolean, Shape::Bool> {};
static_assert(sizeof(Boolean) == sizeof(bool));
template <>
struct TypeMaker<std::int32_t> : PlainTypeMaker<std::int32_t, Shape::Int32> {};
template <>
struct TypeMaker<std::int64_t> : PlainTypeMaker<std::int64_t, Shape::Int64> {};
template <>
struct TypeMaker<double> : PlainTypeMaker<double, Shape::Double> {};
template <>
struct TypeMaker<std::string> : PlainTypeMaker<std::string, Shape::String> {};
template <>
struct TypeMaker<Bytes> : PlainTypeMaker<Bytes, Shape::Bytes> {};
template <>
struct TypeMaker<Time> : PlainTypeMaker<Time, Shape::Time> {};
template <>
struct TypeMaker<MicroTime> : PlainTypeMaker<MicroTime, Shape::MicroTime> {};
template <>
struct TypeMaker<Duration> : PlainTypeMaker<Duration, Shape::Duration> {};
template <>
struct TypeMaker<Quantity> : PlainTypeMaker<Quantity, Shape::Quantity> {};
template <>
struct TypeMaker<IntOrString> : PlainTypeMaker<IntOrString, Shape::IntOrString> {};
template <>
struct TypeMaker<RawExtension> : PlainTypeMaker<RawExtension, Shape::RawExtension> {};
template <>
struct TypeMaker<FieldsV1> : PlainTypeMaker<FieldsV1, Shape::FieldsV1> {};
template <>
struct TypeMaker<Json> : PlainTypeMaker<Json, Shape::Json> {};

template <typename T>
concept Described = requires {
    { T::kDescriptor } -> std::same_as<const Struct&>;
};

template <Described T>
struct TypeMaker<T> {
    static constexpr Type make() { return {.shape = Shape::Struct, .structure = &T::kDescriptor, .size = sizeof(T)}; }
};

template <typename T>
inline constexpr PointerOps kOptionalOps = {
    .get = [](const void* p) -> const void* {
        const auto& optional = *static_cast<const std::optional<T>*>(p);
        return optional ? &*optional : nullptr;
    },
    .emplace = [](void* p) -> void* { return &static_cast<std::optional<T>*>(p)->emplace(); },
    .reset = [](void* p) { static_cast<std::optional<T>*>(p)->reset(); },
};

template <typename T>
struct TypeMaker<std::optional<T>> {
    static constexpr Type make() {
        return {.shape = Shape::Pointer,
                .element = &kTypeOf<T>,
                .size = sizeof(std::optional<T>),
                .pointer = &kOptionalOps<T>};
    }
};

template <typename T>
inline constexpr PointerOps kBoxOps = {
    .get = [](const void* p) -> const void* { return static_cast<const Box<T>*>(p)->get(); },
    .emplace = [](void* p) -> void* { return &static_cast<Box<T>*>(p)->emplace(); },
    .reset = [](void* p) { static_cast<Box<T>*>(p)->reset(); },
};

template <typename T>
struct TypeMaker<Box<T>> {
    static constexpr Type make() {
        return {.shape = Shape::Pointer, .element = &kTypeOf<T>, .size = sizeof(Box<T>), .pointer = &kBoxOps<T>};
    }
};

template <typename T>
inline constexpr ListOps kListOps = {
    .size = [](const void* list) { return static_cast<const std::vector<T>*>(list)->size(); },
    .data = [](const void* list) -> const void* { return static_cast<const std::vector<T>*>(list)->data(); },
    .resize = [](void* list, std::size_t count) { static_cast<std::vector<T>*>(list)->resize(count); },
};

template <typename T>
struct TypeMaker<std::vector<T>> {
    static constexpr Type make() {
        return {.shape = Shape::List, .element = &kTypeOf<T>, .size = sizeof(std::vector<T>), .list = &kListOps<T>};
    }
};

// A named list, which protobuf carries as a message.
template <typename T>
requires requires {
    typename T::value_type;
} && std::derived_from<T, std::vector<typename T::value_type>>
struct TypeMaker<T> {
    static constexpr Type make() {
        return {.shape = Shape::List,
                .message = true,
                .element = &kTypeOf<typename T::value_type>,
                .size = sizeof(T),
                .list = &kListOps<typename T::value_type>};
    }
};

template <typename T>
inline constexpr MapOps kMapOps = {
    .size = [](const void* map) { return static_cast<const Map<T>*>(map)->size(); },
    .visit =
        [](const void* map, void* context, MapOps::Visitor visitor) {
            for (const auto& [key, value] : *static_cast<const Map<T>*>(map)) {
                if (!visitor(context, key, &value)) return;
            }
        },
    .insert = [](void* map, std::string_view key) -> void* {
        auto& entries = *static_cast<Map<T>*>(map);
        const auto found = entries.find(key);
        return found != entries.end() ? &found->second : &entries.try_emplace(std::string(key)).first->second;
    },
    .find = [](const void* map, std::string_view key) -> const void* {
        const auto& entries = *static_cast<const Map<T>*>(map);
        const auto found = entries.find(key);
        return found != entries.end() ? &found->second : nullptr;
    },
    .clear = [](void* map) { static_cast<Map<T>*>(map)->clear(); },
};

template <typename T>
struct TypeMaker<Map<T>> {
    static constexpr Type make() {
        return {.shape = Shape::Map, .element = &kTypeOf<T>, .size = sizeof(Map<T>), .map = &kMapOps<T>};
    }
};

}  // namespace qd::api
