#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>

#include "cluster/api/merge/typed_value.h"

namespace qd::api::merge {
namespace {

std::string_view nameOf(const json::key_value_pair& member) {
    return {member.key().data(), member.key().size()};
}

bool collect(const Schema& schema, const json::value& value, FieldSet& below);

void collectItems(const Schema& schema, const json::array& list, FieldSet& below) {
    std::set<PathElement> seen;
    std::set<PathElement> duplicated;
    std::vector<std::optional<PathElement>> elements;
    elements.reserve(list.size());
    for (const auto& item : list) {
        auto element = itemElement(schema, item);
        elements.push_back(element ? std::optional(std::move(*element)) : std::nullopt);
        if (elements.back() && !seen.insert(*elements.back()).second) duplicated.insert(*elements.back());
    }
    const Schema itemSchema = schema.item();
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (!elements[i]) continue;
        below.insertMember(*elements[i]);
        if (duplicated.contains(*elements[i])) continue;
        FieldSet children;
        collect(itemSchema, list[i], children);
        if (!children.empty()) below.insertChildren(std::move(*elements[i]), std::move(children));
    }
}

void collectMembers(const Schema& schema, const json::object& object, FieldSet& below) {
    FieldFinder finder(schema.structure);
    const Schema item = schema.others().value_or(Schema{});
    for (const auto& member : object) {
        const Field* field = finder.find(nameOf(member));
        FieldSet children;
        bool self = collect(field != nullptr ? schemaOf(*field) : item, member.value(), children);
        const json::object* inner = member.value().if_object();
        self = self || field == nullptr || member.value().is_null() || (inner != nullptr && inner->empty());
        if (!children.empty()) below.insertChildren(PathElement::field(nameOf(member)), std::move(children));
        if (self) below.insertMember(PathElement::field(nameOf(member)));
    }
}

// Collects what is below the value; true when the place itself belongs to the set.
bool collect(const Schema& declared, const json::value& value, FieldSet& below) {
    const Schema schema = settle(declared, &value);
    if (schema.nature == Nature::Scalar || schema.atomic) return true;
    if (schema.nature == Nature::List) {
        if (value.is_array()) collectItems(schema, value.get_array(), below);
    } else if (value.is_object()) {
        collectMembers(schema, value.get_object(), below);
    }
    return false;
}

// The schema of what stands at an element below `schema`; nullopt when it does not say.
std::optional<Schema> schemaAt(const Schema& schema, const PathElement& element, bool& named) {
    named = false;
    if (schema.nature == Nature::Map && element.kind() == PathElement::Kind::Field) {
        if (const Field* field = FieldFinder(schema.structure).find(element.text()); field != nullptr) {
            named = true;
            return schemaOf(*field);
        }
        return schema.others();
    } else if (schema.nature == Nature::List && element.kind() != PathElement::Kind::Field) {
        return schema.item();
    }
    return std::nullopt;
}

struct Reconciled {
    FieldSet remove;
    FieldSet add;
};

void reconcileLevel(const Schema& schema, const FieldSet& fields, bool isWhole, Path& path, Reconciled& out) {
    if (schema.nature == Nature::Any || schema.nature == Nature::Scalar) return;
    if (schema.atomic && !isWhole) {
        if (schema.nature == Nature::Map && fields.empty()) return;
        out.remove.insert(path);
        out.add.insert(path);
        return;
    }
    for (const auto& node : fields.nodes()) {
        bool named = false;
        const auto below = schemaAt(schema, node.element, named);
        if (!below) continue;
        path.push_back(node.element);
        reconcileLevel(*below, node.children, node.member && node.children.nodes().empty(), path, out);
        path.pop_back();
    }
}

bool isContainer(const json::value& value) {
    return value.is_object() || value.is_array();
}

json::value emptyLike(const json::value& value) {
    return value.is_object() ? json::value(json::object()) : json::value(json::array());
}

// Removes below a value; what loses everything becomes an empty value of its own kind.
void removeBelow(const Schema& schema, json::value& value, const FieldSet& fields) {
    const bool container = isContainer(value);
    const json::value emptied = container ? emptyLike(value) : json::value();
    removeFields(schema, value, fields);
    if (container && value.is_null()) value = emptied;
}

void removeItems(const Schema& schema, json::value& value, const FieldSet& fields) {
    json::array kept;
    bool changed = false;
    const Schema itemSchema = schema.item();
    for (auto& item : value.get_array()) {
        const auto element = itemElement(schema, item);
        const FieldSet::Node* node = element ? fields.find(*element) : nullptr;
        if (node != nullptr && node->member) continue;
        if (node != nullptr && !node->children.empty()) {
            changed = true;
            removeBelow(itemSchema, item, node->children);
        }
        kept.push_back(std::move(item));
    }
    if (kept.empty() && !changed) {
        value = nullptr;
    } else {
        value = std::move(kept);
    }
}

void removeMembers(const Schema& schema, json::value& value, const FieldSet& fields) {
    json::object& object = value.get_object();
    FieldFinder finder(schema.structure);
    const Schema item = schema.others().value_or(Schema{});
    bool changed = false;
    for (auto it = object.begin(); it != object.end();) {
        const FieldSet::Node* node = fields.find(PathElement::field(nameOf(*it)));
        if (node != nullptr && node->member) {
            it = object.stable_erase(it);
            continue;
        }
        if (node != nullptr && !node->children.empty()) {
            changed = true;
            const Field* field = finder.find(nameOf(*it));
            removeBelow(field != nullptr ? schemaOf(*field) : item, it->value(), node->children);
        }
        ++it;
    }
    if (object.empty() && !changed) value = nullptr;
}

void appendZeroMembers(json::object& object, const Struct& structure) {
    for (const Field& field : structure.fields) {
        const Type& type = field.type();
        if (type.size == 0) continue;  // custom resources have no zero values
        if (field.inlined) {
            if (type.shape == Shape::Struct) appendZeroMembers(object, *type.structure);
        } else if (type.shape == Shape::Struct) {
            if (!field.omitZero) object.emplace(field.name, zeroObject(*type.structure));
        } else if (!field.omitEmpty && !field.omitZero) {
            switch (type.shape) {
                case Shape::Bool:
                    object.emplace(field.name, false);
                    break;
                case Shape::Int32:
                case Shape::Int64:
                case Shape::Double:
                    object.emplace(field.name, 0);
                    break;
                case Shape::String:
                    object.emplace(field.name, "");
                    break;
                case Shape::Quantity:
                    object.emplace(field.name, "0");
                    break;
                case Shape::Duration:
                    object.emplace(field.name, "0s");
                    break;
                case Shape::IntOrString:
                    object.emplace(field.name, 0);
                    break;
                default:
                    object.emplace(field.name, nullptr);
                    break;
            }
        }
    }
}

}  // namespace

FieldSet fieldsOf(const Schema& schema, const json::value& value) {
    FieldSet fields;
    collect(schema, value, fields);
    return fields;
}

FieldSet withNamedFields(const Schema& schema, const FieldSet& fields) {
    FieldSet all;
    for (const auto& node : fields.nodes()) {
        bool named = false;
        const auto below = schemaAt(schema, node.element, named);
        const bool parent = !node.children.nodes().empty();
        if (node.member || (parent && named)) all.insertMember(node.element);
        if (parent) all.insertChildren(node.element, withNamedFields(below.value_or(Schema{}), node.children));
    }
    return all;
}

std::optional<FieldSet> reconcile(const Schema& schema, const FieldSet& fields) {
    Reconciled changes;
    Path path;
    reconcileLevel(schema, fields, false, path, changes);
    if (changes.add.empty()) return std::nullopt;
    return fields.recursiveDifference(changes.remove).unionWith(changes.add);
}

void removeFields(const Schema& declared, json::value& value, const FieldSet& fields) {
    const Schema schema = settle(declared, &value);
    if (schema.nature == Nature::Scalar) return;
    const bool fits = schema.nature == Nature::List ? value.is_array() : value.is_object();
    if (!fits || schema.atomic) {
        value = nullptr;
    } else if (schema.nature == Nature::List) {
        removeItems(schema, value, fields);
    } else {
        removeMembers(schema, value, fields);
    }
}

Result<PathElement> itemElement(const Schema& list, const json::value& item) {
    const auto refuse = [](std::string message) { return fail(Reason::Invalid, std::move(message)); };
    if (!list.associative) return refuse("invalid indexing of non-associative list");
    if (list.keys.empty()) {
        if (item.is_object()) return refuse("associative list without keys has an element that's a map type");
        if (item.is_array()) return refuse("not supported: associative list with lists as elements");
        if (item.is_null()) return refuse("associative list without keys has an element that's an explicit null");
        return PathElement::value(item);
    }
    if (item.is_null()) return refuse("associative list with keys may not have a null element");
    if (!item.is_object()) return refuse("associative list with keys may not have non-map elements");
    std::vector<PathElement::KeyField> key;
    std::vector<json::value> defaults;
    defaults.reserve(list.keys.size());
    for (const auto name : list.keys) {
        if (const json::value* value = item.get_object().if_contains(name); value != nullptr) {
            key.emplace_back(name, value);
        } else if (auto fallback = defaultOfKey(list, name)) {
            key.emplace_back(name, &defaults.emplace_back(std::move(*fallback)));
        }
    }
    if (key.empty()) {
        std::string names;
        for (const auto name : list.keys) names += (names.empty() ? "\"" : " \"") + std::string(name) + "\"";
        return refuse(
            fmt::format("associative list with keys has an element that omits all key fields [{}] (and doesn't have "
                        "default values for any key fields)",
                        names));
    }
    return PathElement::key(std::move(key));
}

json::object zeroObject(const Struct& structure) {
    json::object object;
    appendZeroMembers(object, structure);
    return object;
}

}  // namespace qd::api::merge
