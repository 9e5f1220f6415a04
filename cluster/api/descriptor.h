// What is known about the type of a value: the one table that every codec, merge, comparison and schema reads.
//
// The generator (cluster/api/codegen) emits a Struct for every Go struct of the pinned k8s.io modules; type_of.h makes
// a Type for every C++ type that a field can have. Types of custom resources are the same descriptors, built at run
// time from a CRD's schema; they carry no operations, because their values are JSON trees.
//
// Descriptors are immutable once built; those of built-in types live as long as the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace qd::api {

class Object;
struct Struct;
struct Type;

// The shape of a value. Named string types (PodPhase, ResourceName, ...) are String, named integers their width.
enum class Shape : std::uint8_t {
    Bool,
    Int32,
    Int64,
    Double,
    String,
    Bytes,
    Struct,
    Pointer,  // std::optional<value> or Box<Struct>: may be absent
    List,     // std::vector<T>; Go's nil and empty slices are one value here
    Map,      // Map<T> = std::map<std::string, T, std::less<>>
    Time,
    MicroTime,
    Duration,
    Quantity,
    IntOrString,
    RawExtension,
    FieldsV1,
    Json,  // any JSON value (apiextensions JSON, table cells)
};

// Type-erased access; absent (null) for types of custom resources. Values are made, copied and cleared through these
// alone.
struct PointerOps {
    const void* (*get)(const void* pointer) = nullptr;  // null when absent
    void* (*emplace)(void* pointer) = nullptr;          // makes a new default value there
    void (*reset)(void* pointer) = nullptr;
};

struct ListOps {
    std::size_t (*size)(const void* list) = nullptr;
    const void* (*data)(const void* list) = nullptr;  // elements stand at multiples of the element type's size
    void (*resize)(void* list, std::size_t count) = nullptr;
};

struct MapOps {
    using Visitor = bool (*)(void* context, const std::string& key, const void* value);

    std::size_t (*size)(const void* map) = nullptr;
    // Visits the entries in key order until the visitor returns false.
    void (*visit)(const void* map, void* context, Visitor visitor) = nullptr;
    void* (*insert)(void* map, std::string_view key) = nullptr;  // finds or makes
    const void* (*find)(const void* map, std::string_view key) = nullptr;
    void (*clear)(void* map) = nullptr;
};

struct Type {
    Shape shape = Shape::String;
    bool message = false;  // a list that protobuf carries as a message with the field `items` (ExtraValue, Verbs)
    const Type* element = nullptr;      // of Pointer, List, Map
    const Struct* structure = nullptr;  // of Struct
    std::size_t size = 0;               // sizeof; how far apart list elements stand
    const PointerOps* pointer = nullptr;
    const ListOps* list = nullptr;
    const MapOps* map = nullptr;
};

// How server-side apply and strategic merge treat a list or map. Source: +listType, +mapType, +structType markers.
enum class MergeKind : std::uint8_t { Default, Atomic, Set, Map /* list of structs by key */, Granular };

// What a struct's field is. Flags beyond the wire format come from the markers of k8s.io/api's types.go.
struct Field {
    std::string_view name;     // JSON name; empty for an inlined field
    std::string_view goName;   // e.g. "NodeName"
    std::uint32_t number = 0;  // protobuf field number, 0 = not in the protobuf form
    std::uint32_t offset = 0;  // of the member within its struct
    const Type* valueType = nullptr;
    bool inlined = false;  // its members stand in the JSON object of its parent; in protobuf it is a message of its own
    bool omitEmpty = false;
    bool omitZero = false;
    bool required = false;  // as OpenAPI says it: +required, or neither +optional nor omitempty
    bool nullable = false;
    bool immutable = false;  // +k8s:immutable
    MergeKind merge = MergeKind::Default;
    std::span<const std::string_view> listMapKeys = {};
    std::string_view patchStrategy = {};  // as in the Go tag: "merge", "replace", "retainKeys", comma separated
    std::string_view patchMergeKey = {};
    std::span<const std::string_view> enumValues = {};  // of an +enum type (or a list of one), sorted; empty when free
    std::string_view defaultJson = {};                  // +default, a JSON literal
    std::string_view format = {};                       // OpenAPI format where it differs from the shape's own
    std::string_view doc = {};                          // as OpenAPI describes the field, with the enum's values
    // Declarative validation (+k8s:* markers); the least number / minus one / empty when not given.
    std::int64_t minimum = INT64_MIN;
    std::int64_t maxItems = -1;
    std::int64_t maxLength = -1;
    std::string_view k8sFormat = {};
    std::span<const std::string_view> markers = {};  // all +k8s:, +featureGate and union markers, without the "+"

    const Type& type() const { return *valueType; }
};

// Three structs of apiextensions are written as one of two things; all others as objects.
enum class JsonForm : std::uint8_t { Object, SchemaOrBool, SchemaOrArray, SchemaOrStringArray };

// The names of a top-level kind.
struct KindName {
    std::string_view group;       // "" for core
    std::string_view version;     // "v1"
    std::string_view kind;        // "Pod"
    std::string_view apiVersion;  // "v1", "apps/v1"
    std::string_view resource;    // "pods"
    std::string_view singular;    // "pod"
    bool namespaced = false;      // false too for kinds that are no resources (Status, DeleteOptions, ...)
    const Struct* structure = nullptr;
    std::unique_ptr<Object> (*make)() = nullptr;     // null for kinds that are no api::Object
    std::shared_ptr<void> (*makePlain)() = nullptr;  // the others: a new value of the struct
};

struct Struct {
    std::string_view name;          // e.g. "Pod"
    std::string_view goPackage;     // e.g. "k8s.io/api/core/v1"
    std::string_view openApiName;   // e.g. "io.k8s.api.core.v1.Pod"
    std::span<const Field> fields;  // an Object's apiVersion and kind are not among them
    std::string_view doc = {};
    MergeKind merge = MergeKind::Default;  // Atomic: +structType=atomic
    const KindName* kind = nullptr;        // of a top-level kind
    bool isObject = false;                 // derives from api::Object
    JsonForm form = JsonForm::Object;
    const Type* type = nullptr;
    std::span<const std::uint8_t> byNumber =
        {};  // indices of `fields` in the order of protobuf numbers; empty when that is theirs

    // The field with this JSON name, looking into inlined structs too; `offset` receives where the member stands in
    // this struct. Null when there is none.
    const Field* find(std::string_view jsonName, std::size_t* offset = nullptr) const;
};

// The names of a generated kind: kindNameOf<corev1::Pod>().resource == "pods".
template <typename T>
const KindName& kindNameOf() {
    return *T::kDescriptor.kind;
}

}  // namespace qd::api
