// JSON of built-in types, by their descriptors. Byte for byte what the API server writes; what it accepts is accepted,
// and what it refuses is refused in its words.
//
//     std::string bytes = encodeJson(pod);
//     Result<corev1::Pod> pod = decodeJson<corev1::Pod>(bytes);
//
// Thread-safe: nothing here has state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/descriptor.h"
#include "cluster/api/object.h"

namespace qd::api {

struct JsonOptions {
    // Whether objects inside of others (StatefulSet's volumeClaimTemplates) have their apiVersion and kind written, as
    // the API server does, whose defaulting sets them.
    bool nestedTypes = true;
};

// Without the line feed that the API server ends a response with.
std::string encodeJson(const Object& object, JsonOptions options = {});
// Of any value that a descriptor describes. An Object's struct is written with its apiVersion and kind.
std::string encodeJson(const Struct& structure, const void* value, JsonOptions options = {});
void appendJson(std::string& out, const Type& type, const void* value, JsonOptions options = {});

template <typename T>
requires requires {
    T::kDescriptor;
}
std::string encodeJson(const T& value, JsonOptions options = {}) {
    return encodeJson(T::kDescriptor, &value, options);
}

// Adds to what `into` has, which is usually nothing. Errors are of reason BadRequest, with the message of Kubernetes'
// decoder.
//
// Fields that the struct does not have and fields given twice are no errors; when `strictErrors` is given they are told
// there
// (`unknown field "spec.foo"`, `duplicate field "spec.replicas"`), at most a hundred, each once.
Result<void> decodeJson(std::string_view json, const Struct& structure, void* into,
                        std::vector<std::string>* strictErrors = nullptr);

template <typename T>
requires requires {
    T::kDescriptor;
}
Result<T> decodeJson(std::string_view json, std::vector<std::string>* strictErrors = nullptr) {
    T value;
    if (auto decoded = decodeJson(json, T::kDescriptor, &value, strictErrors); !decoded) return fail(decoded.error());
    return value;
}

struct TypeMeta {
    std::string apiVersion;
    std::string kind;

    bool operator==(const TypeMeta&) const = default;
};
// What an object says it is, without decoding the rest. Syntax errors anywhere in the text are told.
Result<TypeMeta> typeMetaOfJson(std::string_view json);

}  // namespace qd::api
