#include "cluster/api/openapi/schema_writer.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "cluster/api/types/meta_v1.h"

namespace qd::api::openapi {
namespace {

namespace json = boost::json;

constexpr std::string_view kApiVersionDoc =
    "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized "
    "schemas "
    "to the latest internal value, and may reject unrecognized values. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
constexpr std::string_view kKindDoc =
    "Kind is a string value representing the REST resource this object represents. Servers may infer this from the "
    "endpoint "
    "the client submits requests to. Cannot be updated. In CamelCase. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
constexpr std::string_view kMetadataDoc =
    "Standard object's metadata. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
constexpr std::string_view kPatchName = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
constexpr std::string_view kObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
constexpr std::string_view kListMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

json::array strings(std::span<const std::string_view> values) {
    json::array list;
    for (const auto value : values) list.emplace_back(value);
    return list;
}

json::object typed(std::string_view type, std::string_view format = {}) {
    json::object schema{{"type", type}};
    if (!format.empty()) schema.emplace("format", format);
    return schema;
}

json::object plainString(std::string_view doc) {
    return {{"description", doc}, {"type", "string"}};
}

// The value that Go writes when nobody set a member; null when there is none.
json::value zeroOf(const Type& type) {
    switch (type.shape) {
        case Shape::String:
            return "";
        case Shape::Int32:
        case Shape::Int64:
        case Shape::Double:
            return 0;
        case Shape::Bool:
            return false;
        case Shape::Struct:
            return type.structure->form == JsonForm::Object ? json::value(json::object()) : json::value();
        default:
            return nullptr;
    }
}

const Type& withoutPointer(const Type& type) {
    return type.shape == Shape::Pointer ? *type.element : type;
}

void addMergeExtensions(const Field& field, json::object& schema) {
    const Type& type = withoutPointer(field.type());
    if (type.shape == Shape::List) {
        if (field.merge == MergeKind::Map && !field.listMapKeys.empty()) {
            schema.emplace("x-kubernetes-list-map-keys", strings(field.listMapKeys));
        }
        if (field.merge == MergeKind::Map) schema.emplace("x-kubernetes-list-type", "map");
        if (field.merge == MergeKind::Set) schema.emplace("x-kubernetes-list-type", "set");
        if (field.merge == MergeKind::Atomic) schema.emplace("x-kubernetes-list-type", "atomic");
    } else if (field.merge == MergeKind::Atomic || field.merge == MergeKind::Granular) {
        schema.emplace("x-kubernetes-map-type", field.merge == MergeKind::Atomic ? "atomic" : "granular");
    }
    if (!field.patchMergeKey.empty()) schema.emplace("x-kubernetes-patch-merge-key", field.patchMergeKey);
    if (!field.patchStrategy.empty()) schema.emplace("x-kubernetes-patch-strategy", field.patchStrategy);
}

json::object kindExtension(const KindId& kind) {
    return {{"group", kind.group}, {"kind", kind.kind}, {"version", kind.version}};
}

}  // namespace

json::object SchemaWriter::reference(std::string_view name) const {
    const std::string_view prefix = m_dialect == Dialect::V2 ? "#/definitions/" : "#/components/schemas/";
    return {{"$ref", std::string(prefix) + std::string(name)}};
}

json::object SchemaWriter::wrapReference(std::string_view name, json::object siblings) const {
    json::object ref = reference(name);
    if (m_dialect == Dialect::V2 || siblings.empty()) {
        for (auto& member : ref) siblings.emplace(member.key(), std::move(member.value()));
        return siblings;
    }
    siblings.emplace("allOf", json::array{std::move(ref)});
    return siblings;
}

std::string SchemaWriter::add(const Struct& structure) {
    std::string name(structure.openApiName);
    if (m_schemas.contains(name)) return name;
    m_schemas[name] = {};  // stands in while the struct refers to itself
    json::object schema = structSchema(structure);
    m_schemas[name] = std::move(schema);
    return name;
}

json::object SchemaWriter::structSchema(const Struct& structure) {
    json::object schema;
    if (!structure.doc.empty()) schema.emplace("description", structure.doc);
    if (structure.form != JsonForm::Object) return schema;  // one of two things: any value
    schema.emplace("type", "object");
    json::object properties;
    std::vector<std::string> required;
    if (structure.isObject) {
        properties.emplace("apiVersion", plainString(kApiVersionDoc));
        properties.emplace("kind", plainString(kKindDoc));
    }
    addFields(structure, properties, required);
    if (!required.empty()) schema.emplace("required", json::array(required.begin(), required.end()));
    if (!properties.empty()) {
        std::vector<std::string> names;
        for (const auto& property : properties) names.emplace_back(property.key());
        std::ranges::sort(names);
        json::object sorted;
        for (const auto& name : names) sorted.emplace(name, std::move(properties.at(name)));
        schema.emplace("properties", std::move(sorted));
    }
    if (structure.kind != nullptr) {
        const KindName& kind = *structure.kind;
        schema.emplace(
            "x-kubernetes-group-version-kind",
            json::array{json::object{{"group", kind.group}, {"kind", kind.kind}, {"version", kind.version}}});
    }
    if (structure.merge == MergeKind::Atomic) schema.emplace("x-kubernetes-map-type", "atomic");
    return schema;
}

void SchemaWriter::addFields(const Struct& structure, json::object& properties, std::vector<std::string>& required) {
    for (const Field& field : structure.fields) {
        const Type& type = withoutPointer(field.type());
        if (field.inlined) {
            if (type.shape == Shape::Struct) addFields(*type.structure, properties, required);
            continue;
        }
        properties.emplace(field.name, fieldSchema(field));
        if (field.required) required.emplace_back(field.name);
    }
}

json::object SchemaWriter::fieldSchema(const Field& field) {
    json::object schema;
    if (!field.doc.empty()) schema.emplace("description", field.doc);
    const Type& type = field.type();
    if (m_dialect == Dialect::V3) {
        boost::system::error_code error;
        json::value fallback = field.defaultJson.empty() ? json::value() : json::parse(field.defaultJson, error);
        const bool always = type.shape == Shape::Struct || !field.omitEmpty;
        if (fallback.is_null() && always && type.size != 0) fallback = zeroOf(type);
        if (!fallback.is_null()) schema.emplace("default", std::move(fallback));
    }
    json::object shape = typeSchema(type);
    if (!field.format.empty() && shape.contains("type")) shape["format"] = field.format;
    if (!field.enumValues.empty()) {
        const bool list = withoutPointer(type).shape == Shape::List;
        json::object& holder = list && shape.contains("items") ? shape.at("items").get_object() : shape;
        holder.emplace("enum", strings(field.enumValues));
    }
    addMergeExtensions(field, schema);
    if (const json::value* ref = shape.if_contains("$ref"); ref != nullptr && shape.size() == 1) {
        const std::string_view target(ref->get_string());
        return wrapReference(target.substr(target.rfind('/') + 1), std::move(schema));
    }
    for (auto& member : shape) schema.emplace(member.key(), std::move(member.value()));
    return schema;
}

json::object SchemaWriter::elementSchema(const Type& type) {
    json::object shape = typeSchema(type);
    if (m_dialect == Dialect::V2) return shape;
    json::value zero = type.size == 0 ? json::value() : zeroOf(type);
    if (zero.is_null()) return shape;
    if (const json::value* ref = shape.if_contains("$ref"); ref != nullptr) {
        const std::string_view target(ref->get_string());
        return wrapReference(target.substr(target.rfind('/') + 1), {{"default", std::move(zero)}});
    }
    shape.emplace("default", std::move(zero));
    return shape;
}

json::object SchemaWriter::typeSchema(const Type& declared) {
    const Type& type = withoutPointer(declared);
    switch (type.shape) {
        case Shape::Bool:
            return typed("boolean");
        case Shape::Int32:
            return typed("integer", "int32");
        case Shape::Int64:
            return typed("integer", "int64");
        case Shape::Double:
            return typed("number", "double");
        case Shape::String:
            return typed("string");
        case Shape::Bytes:
            return typed("string", "byte");
        case Shape::Struct:
            return reference(add(*type.structure));
        case Shape::List: {
            json::object schema = typed("array");
            schema.emplace("items", elementSchema(*type.element));
            return schema;
        }
        case Shape::Map: {
            json::object schema = typed("object");
            schema.emplace("additionalProperties", elementSchema(*type.element));
            return schema;
        }
        default:
            return reference(addSpecial(type));
    }
}

std::string SchemaWriter::addSpecial(const Type& type) {
    std::string name;
    json::object schema;
    const bool v3 = m_dialect == Dialect::V3;
    const auto either = [](std::string_view a, std::string_view b) {
        return json::array{json::object{{"type", a}}, json::object{{"type", b}}};
    };
    switch (type.shape) {
        case Shape::Time:
        case Shape::MicroTime:
            name = type.shape == Shape::Time ? "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
                                             : "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime";
            schema = {{"description", type.shape == Shape::Time ? "A point in time, to the second, in RFC 3339."
                                                                : "A point in time, to the microsecond, in RFC 3339."},
                      {"type", "string"},
                      {"format", "date-time"}};
            break;
        case Shape::Duration:
            name = "io.k8s.apimachinery.pkg.apis.meta.v1.Duration";
            schema = {{"description", "A length of time as Go writes it, e.g. 1h30m or 10s."}, {"type", "string"}};
            break;
        case Shape::Quantity:
            name = "io.k8s.apimachinery.pkg.api.resource.Quantity";
            schema = {{"description", "A fixed-point number with an optional suffix, e.g. 500m, 1.5, 2Gi or 1e3."}};
            if (v3) {
                schema.emplace("oneOf", either("string", "number"));
            } else {
                schema.emplace("type", "string");
            }
            break;
        case Shape::IntOrString:
            name = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
            schema = {{"description", "A number or a string, e.g. 8080, http or 25%."}, {"format", "int-or-string"}};
            if (v3) {
                schema.emplace("oneOf", either("integer", "string"));
            } else {
                schema.emplace("type", "string");
            }
            break;
        case Shape::RawExtension:
            name = "io.k8s.apimachinery.pkg.runtime.RawExtension";
            schema = {{"description", "An object of any kind."}, {"type", "object"}};
            break;
        case Shape::FieldsV1:
            name = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1";
            schema = {{"description",
                       "A set of field paths as a tree: f:<name> is a field, k:<keys> a list item by its keys, "
                       "v:<value> a list "
                       "item by its value, i:<index> one by its place, and . the place itself."},
                      {"type", "object"}};
            break;
        default:
            name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON";
            schema = {{"description", "Any JSON value."}};
            break;
    }
    m_schemas.try_emplace(name, std::move(schema));
    return name;
}

std::string SchemaWriter::addPatch() {
    m_schemas.try_emplace(
        std::string(kPatchName),
        json::object{{"description", "A change to an object, in the form that the content type names."},
                     {"type", "object"}});
    return std::string(kPatchName);
}

std::string customName(const KindId& kind) {
    std::string name;
    std::string_view rest = kind.group;
    while (!rest.empty()) {
        const std::size_t dot = rest.rfind('.');
        name += rest.substr(dot == std::string_view::npos ? 0 : dot + 1);
        name += '.';
        rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(0, dot);
    }
    return name + kind.version + "." + kind.kind;
}

void SchemaWriter::addWithKind(const std::string& name, json::object schema, const KindId& kind) {
    schema.insert_or_assign("x-kubernetes-group-version-kind", json::array{kindExtension(kind)});
    m_schemas.insert_or_assign(name, std::move(schema));
}

SchemaWriter::Names SchemaWriter::add(const Resource& resource) {
    Names names;
    names.kind = resource.schema != nullptr ? add(*resource.schema) : addCustom(resource);
    names.list = addList(resource, names.kind);
    return names;
}

std::string SchemaWriter::addCustom(const Resource& resource) {
    add(metav1::ObjectMeta::kDescriptor);
    std::string name = customName(resource.kind);
    json::object schema = resource.customSchema;
    if (!schema.contains("description") && !resource.description.empty()) {
        schema.emplace("description", resource.description);
    }
    schema.emplace("type", "object");
    json::value& declared = schema["properties"];
    if (!declared.is_object()) declared = json::object();
    json::object& properties = declared.get_object();
    properties.insert_or_assign("apiVersion", plainString(kApiVersionDoc));
    properties.insert_or_assign("kind", plainString(kKindDoc));
    properties.insert_or_assign("metadata", wrapReference(kObjectMeta, {{"description", kMetadataDoc}}));
    addWithKind(name, std::move(schema), resource.kind);
    return name;
}

std::string SchemaWriter::addList(const Resource& resource, const std::string& kindName) {
    add(metav1::ListMeta::kDescriptor);
    KindId kind = resource.kind;
    kind.kind += "List";
    std::string name = kindName + "List";
    json::object item = resource.schema == nullptr || m_dialect == Dialect::V2
                            ? reference(kindName)
                            : wrapReference(kindName, {{"default", json::object()}});
    json::object items = typed("array");
    items.emplace("description", "List of " + resource.plural + ".");
    items.emplace("items", std::move(item));
    json::object metadata{{"description", "Standard list metadata."}};
    if (m_dialect == Dialect::V3 && resource.schema != nullptr) metadata.emplace("default", json::object());
    json::object list{{"description", kind.kind + " is a list of " + resource.kind.kind},
                      {"type", "object"},
                      {"required", json::array{"items"}}};
    list.emplace("properties", json::object{{"apiVersion", plainString(kApiVersionDoc)},
                                            {"items", std::move(items)},
                                            {"kind", plainString(kKindDoc)},
                                            {"metadata", wrapReference(kListMeta, std::move(metadata))}});
    addWithKind(name, std::move(list), kind);
    return name;
}

json::object SchemaWriter::take() {
    json::object all;
    all.reserve(m_schemas.size());
    for (auto& [name, schema] : m_schemas) all.emplace(name, std::move(schema));
    m_schemas.clear();
    return all;
}

}  // namespace qd::api::openapi
