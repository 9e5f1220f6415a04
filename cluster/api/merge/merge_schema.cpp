#include "cluster/api/merge/merge_schema.h"

#include <boost/json/parse.hpp>

namespace qd::api::merge {
namespace {

const Type& withoutPointers(const Type& type) {
    const Type* at = &type;
    while (at->shape == Shape::Pointer) at = at->element;
    return *at;
}

const Field* search(const Struct& structure, std::string_view name) {
    for (const Field& field : structure.fields) {
        if (field.inlined) {
            const Type& type = withoutPointers(field.type());
            if (type.structure == nullptr) continue;
            if (const Field* found = search(*type.structure, name); found != nullptr) return found;
        } else if (field.name == name) {
            return &field;
        }
    }
    return nullptr;
}

bool hasPatchStrategy(const Field& field, std::string_view wanted) {
    std::string_view rest = field.patchStrategy;
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        if (rest.substr(0, comma) == wanted) return true;
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    return false;
}

// Applies the field's own markers to what its type says.
void applyMarkers(Schema& schema, const Field& field) {
    if (schema.nature == Nature::List) {
        if (field.merge == MergeKind::Map) {
            schema.keys = field.listMapKeys;
        } else if (field.merge == MergeKind::Default && hasPatchStrategy(field, "merge")) {
            if (!field.patchMergeKey.empty()) schema.keys = std::span(&field.patchMergeKey, 1);
        } else if (field.merge != MergeKind::Set) {
            return;
        }
        schema.associative = true;
        schema.atomic = false;
    } else if (field.merge == MergeKind::Atomic) {
        schema.atomic = true;
    } else if (field.merge == MergeKind::Granular) {
        schema.atomic = false;
    }
}

}  // namespace

Schema schemaOf(const Struct& structure) {
    if (structure.form != JsonForm::Object) return Schema{};
    return Schema{.nature = Nature::Map, .atomic = structure.merge == MergeKind::Atomic, .structure = &structure};
}

Schema schemaOf(const Type& declared) {
    const Type& type = withoutPointers(declared);
    switch (type.shape) {
        case Shape::Struct: {
            Schema schema = schemaOf(*type.structure);
            schema.type = &type;
            return schema;
        }
        case Shape::Map:
            return Schema{.nature = Nature::Map, .type = &type, .element = type.element};
        case Shape::List:
            return Schema{.nature = Nature::List, .atomic = true, .type = &type, .element = type.element};
        case Shape::RawExtension:
            return Schema{.atomic = true};  // another program's object: whoever sets it owns all of it
        case Shape::FieldsV1:
        case Shape::Json:
            return Schema{};
        default:
            return Schema{.nature = Nature::Scalar, .type = &type};
    }
}

Schema schemaOf(const Field& field) {
    Schema schema = schemaOf(field.type());
    applyMarkers(schema, field);
    return schema;
}

Schema Schema::item() const {
    return element == nullptr ? Schema{} : schemaOf(*element);
}

std::optional<Schema> Schema::others() const {
    if (structure == nullptr) return item();
    for (const Field& field : structure->fields) {
        if (!field.inlined) continue;
        const Type& inner = withoutPointers(field.type());
        if (inner.shape == Shape::Map) return schemaOf(*inner.element);
    }
    return std::nullopt;
}

Schema settle(const Schema& schema, const json::value* value) {
    if (schema.nature != Nature::Any || value == nullptr) return schema;
    Schema settled = schema;
    if (value->is_object() || value->is_null()) {
        settled.nature = Nature::Map;
    } else if (value->is_array()) {
        settled.nature = Nature::List;
        settled.atomic = true;
    } else {
        settled.nature = Nature::Scalar;
    }
    return settled;
}

const Field* FieldFinder::find(std::string_view name) {
    if (m_structure == nullptr) return nullptr;
    const auto fields = m_structure->fields;
    for (std::size_t i = m_next; i < fields.size(); ++i) {
        if (!fields[i].inlined && fields[i].name == name) {
            m_next = i + 1;
            return &fields[i];
        }
    }
    return search(*m_structure, name);
}

std::optional<json::value> defaultOfKey(const Schema& list, std::string_view key) {
    const Schema item = list.item();
    const Field* field = FieldFinder(item.structure).find(key);
    if (field == nullptr) return std::nullopt;
    if (!field->defaultJson.empty()) {
        boost::system::error_code error;
        json::value parsed = json::parse(field->defaultJson, error);
        if (!error) return parsed;
    }
    // Only Go structs write a member that nobody set.
    if (field->omitEmpty || field->type().size == 0) return std::nullopt;
    switch (field->type().shape) {
        case Shape::String:
            return json::value("");
        case Shape::Int32:
        case Shape::Int64:
            return json::value(0);
        case Shape::Bool:
            return json::value(false);
        default:
            return std::nullopt;
    }
}

}  // namespace qd::api::merge
