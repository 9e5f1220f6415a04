// How upstream shows values in the messages of field errors: the JSON of its internal types, whose fields have no JSON names,
// so that a struct appears with Go's field names and without leaving anything out.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/descriptor.h"
#include "cluster/api/field/path.h"

namespace qd::api {

std::string goJson(const Struct& structure, const void* value);
// The same over several lines, as encoding/json indents with one space.
std::string goJsonLines(const Struct& structure, const void* value);
// What differs between two values, as k8s.io/apimachinery's util/diff shows it.
std::string goDiff(const Struct& structure, const void* before, const void* after);
template <typename T>
std::string goDiff(const T& before, const T& after) {
    return goDiff(T::kDescriptor, &before, &after);
}
void appendGoJson(std::string& out, const Type& type, const void* value);

template <typename T>
field::Shown shown(const T& value) {
    return field::Shown::raw(goJson(T::kDescriptor, &value));
}
template <typename T>
field::Shown shownList(const std::vector<T>& values) {
    std::string out;
    for (const T& value : values) out += (out.empty() ? "[" : ",") + goJson(T::kDescriptor, &value);
    return field::Shown::raw(out.empty() ? "null" : out + "]");
}
field::Shown shownStrings(const std::vector<std::string>& values);
// A struct of apimachinery, which has JSON names.
template <typename T>
field::Shown shownPointer(const T* value) {
    return value ? shown(*value) : field::Shown::null();
}

}  // namespace qd::api
