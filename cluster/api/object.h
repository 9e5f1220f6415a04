// The base of every top-level kind that has ObjectMeta: Pod, Deployment, a custom resource.
//
// Stored objects are shared and immutable (ObjectPtr); clone() makes one that may change.
#pragma once

#include <memory>
#include <string_view>

#include "cluster/api/types/meta_v1.h"

namespace qd::api {

class CustomObject;

class Object {
public:
    virtual ~Object() = default;

    virtual const Struct& descriptor() const = 0;
    virtual std::unique_ptr<Object> clone() const = 0;
    // "apps/v1" and "Deployment".
    virtual std::string_view apiVersion() const { return descriptor().kind->apiVersion; }
    virtual std::string_view kind() const { return descriptor().kind->kind; }

    // The object as a custom resource, or null when it is of a built-in kind.
    virtual const CustomObject* asCustom() const { return nullptr; }

    metav1::ObjectMeta metadata;

protected:
    Object() = default;
    Object(const Object&) = default;
    Object(Object&&) noexcept = default;
    Object& operator=(const Object&) = default;
    Object& operator=(Object&&) noexcept = default;
};

using ObjectPtr = std::shared_ptr<const Object>;

// The object as a T, or null when it is of another kind.
template <typename T>
const T* objectAs(const Object& object) {
    return &object.descriptor() == &T::kDescriptor ? static_cast<const T*>(&object) : nullptr;
}
template <typename T>
T* objectAs(Object& object) {
    return &object.descriptor() == &T::kDescriptor ? static_cast<T*>(&object) : nullptr;
}
template <typename T>
std::shared_ptr<const T> objectAs(const ObjectPtr& object) {
    return object && objectAs<T>(*object) ? std::static_pointer_cast<const T>(object) : nullptr;
}

}  // namespace qd::api
