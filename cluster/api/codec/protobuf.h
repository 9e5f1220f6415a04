// Kubernetes' protobuf form (application/vnd.kubernetes.protobuf), byte for byte as gogo-protobuf writes it upstream.
//
// An object stands in an envelope: "k8s\0", then a runtime.Unknown with its apiVersion and kind and the message itself.
// Custom resources have no protobuf form. Source:
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding-idl.
#pragma once

#include <string>
#include <string_view>

#include "cluster/api/codec/json.h"

namespace qd::api {

// In the envelope. The object must be of a built-in kind. A string member of it that `asEmpty` points at is written
// empty.
std::string encodeProtobuf(const Object& object, const std::string* asEmpty = nullptr);
// In the envelope, of a kind that is no Object (Status, DeleteOptions): the descriptor names it.
std::string encodeProtobuf(const Struct& structure, const void* value);
// The bare message.
std::string encodeProtobufMessage(const Struct& structure, const void* value);

template <typename T>
requires requires {
    T::kDescriptor;
}
std::string encodeProtobuf(const T& value) {
    return encodeProtobuf(T::kDescriptor, &value);
}

// The envelope around a message that is encoded already, a list's for example.
std::string wrapProtobuf(std::string_view apiVersion, std::string_view kind, std::string_view message);

struct ProtobufEnvelope {
    TypeMeta typeMeta;
    std::string_view message;  // within the bytes that were opened
};
bool isProtobufEnvelope(std::string_view bytes);
Result<ProtobufEnvelope> openProtobuf(std::string_view bytes);

// Adds to what `into` has. Fields that are not known are skipped.
Result<void> decodeProtobufMessage(std::string_view message, const Struct& structure, void* into);

// From the envelope; the kind in it is not compared.
template <typename T>
requires requires {
    T::kDescriptor;
}
Result<T> decodeProtobuf(std::string_view bytes) {
    const auto envelope = openProtobuf(bytes);
    if (!envelope) return fail(envelope.error());
    T value;
    if (auto decoded = decodeProtobufMessage(envelope->message, T::kDescriptor, &value); !decoded)
        return fail(decoded.error());
    return value;
}

}  // namespace qd::api
