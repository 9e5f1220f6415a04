#include "cluster/api/diff.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/codec/json_tree.h"
#include "cluster/api/object.h"

namespace qd::api {

namespace {

namespace json = boost::json;

bool isNothing(const json::value* value) {
    if (!value || value->is_null()) return true;
    if (const auto* object = value->if_object()) return object->empty();
    const auto* array = value->if_array();
    return array && array->empty();
}

class Differ {
public:
    std::vector<FieldChange> changes;

    // `field` is the field that the value is of, `type` its type; null where no descriptor knows.
    void value(const std::string& path, const json::value* before, const json::value* after, const Type* type,
               const Field* field) {
        const bool hadNothing = isNothing(before), hasNothing = isNothing(after);
        if (hadNothing && hasNothing) return;
        if (!hadNothing && !hasNothing) {
            if (*before == *after) return;
            while (type && type->shape == Shape::Pointer) type = type->element;
            if (before->is_object() && after->is_object()) {
                return object(path, before->get_object(), after->get_object(), type);
            }
            if (before->is_array() && after->is_array()) {
                return array(path, before->get_array(), after->get_array(), type, field);
            }
        }
        changes.push_back({path, hadNothing ? std::nullopt : std::optional(*before),
                           hasNothing ? std::nullopt : std::optional(*after)});
    }

private:
    void member(const std::string& path, std::string_view key, const json::object& before, const json::object& after,
                const Type* type) {
        const Field* field = type && type->shape == Shape::Struct ? type->structure->find(key) : nullptr;
        const Type* memberType = field ? &field->type() : type && type->shape == Shape::Map ? type->element : nullptr;
        const std::string memberPath = path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
        value(memberPath, before.if_contains(key), after.if_contains(key), memberType, field);
    }

    void object(const std::string& path, const json::object& before, const json::object& after, const Type* type) {
        for (const auto& entry : before) member(path, entry.key(), before, after, type);
        for (const auto& entry : after) {
            if (!before.contains(entry.key())) member(path, entry.key(), before, after, type);
        }
    }

    // "name=web" or "containerPort=80,protocol=TCP"; empty when an element has none of the keys.
    static std::string nameOf(const json::value& element, std::span<const std::string_view> keys) {
        const auto* object = element.if_object();
        std::string name;
        for (const std::string_view key : keys) {
            const json::value* value = object ? object->if_contains(key) : nullptr;
            if (!value) continue;
            if (!name.empty()) name += ',';
            const auto* text = value->if_string();
            name += fmt::format("{}={}", key, text ? std::string(text->data(), text->size()) : serializeJson(*value));
        }
        return name;
    }

    void array(const std::string& path, const json::array& before, const json::array& after, const Type* type,
               const Field* field) {
        const Type* element = type && type->shape == Shape::List ? type->element : nullptr;
        std::span<const std::string_view> keys;
        if (field && !field->listMapKeys.empty()) {
            keys = field->listMapKeys;
        } else if (field && !field->patchMergeKey.empty()) {
            keys = std::span(&field->patchMergeKey, 1);
        }
        if (!keys.empty() && named(path, before, after, element, keys)) return;
        for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
            value(fmt::format("{}[{}]", path, i), before.if_contains(i), after.if_contains(i), element, nullptr);
        }
    }

    // Elements side by side that have the same name; false when names are missing or not unique.
    bool named(const std::string& path, const json::array& before, const json::array& after, const Type* element,
               std::span<const std::string_view> keys) {
        std::vector<std::pair<std::string, std::pair<const json::value*, const json::value*>>> pairs;
        const auto put = [&](const json::array& elements, bool isAfter) {
            for (const json::value& item : elements) {
                std::string name = nameOf(item, keys);
                if (name.empty()) return false;
                auto found = std::ranges::find(pairs, name, [](const auto& pair) { return pair.first; });
                if (found == pairs.end()) found = pairs.insert(pairs.end(), {std::move(name), {nullptr, nullptr}});
                const json::value*& side = isAfter ? found->second.second : found->second.first;
                if (side) return false;
                side = &item;
            }
            return true;
        };
        if (!put(before, false) || !put(after, true)) return false;
        for (const auto& [name, sides] : pairs)
            value(fmt::format("{}[{}]", path, name), sides.first, sides.second, element, nullptr);
        return true;
    }
};

}  // namespace

std::vector<FieldChange> diff(const json::value& before, const json::value& after, const Struct* structure) {
    Differ differ;
    const Type type{.shape = Shape::Struct, .structure = structure};
    differ.value("", &before, &after, structure ? &type : nullptr, nullptr);
    return std::move(differ.changes);
}

std::vector<FieldChange> diff(const Object& before, const Object& after) {
    return diff(toTree(before), toTree(after), &before.descriptor());
}

}  // namespace qd::api
