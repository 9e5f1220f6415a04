#include "cluster/api/merge/strategic_merge_patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "cluster/api/merge/element_order.h"
#include "cluster/api/merge/json_value.h"
#include "cluster/api/merge/merge_schema.h"

namespace qd::api::merge {
namespace {

constexpr std::string_view kDirective = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFromList = "$deleteFromPrimitiveList";
constexpr std::string_view kSetElementOrder = "$setElementOrder";

// What is known about the values at one place of the document.
struct Place {
    const Type* type = nullptr;         // without pointers; null below values of free shape
    const Struct* structure = nullptr;  // when the value is an object with declared fields
    std::string_view strategy = {};     // "merge", "replace" or empty
    std::string_view mergeKey = {};
};

Place placeOf(const Type& declared) {
    const Type* type = &declared;
    while (type->shape == Shape::Pointer) type = type->element;
    return Place{.type = type, .structure = type->shape == Shape::Struct ? type->structure : nullptr};
}

// The strategy besides retainKeys, which only clients that make patches need.
std::string_view strategyOf(const Field& field) {
    std::string_view rest = field.patchStrategy;
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        if (rest.substr(0, comma) != "retainKeys") return rest.substr(0, comma);
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    return {};
}

std::string_view keyOf(const json::key_value_pair& member) {
    return {member.key().data(), member.key().size()};
}

Result<Place> memberOf(const Place& parent, std::string_view name) {
    if (parent.structure != nullptr) {
        const Field* field = FieldFinder(parent.structure).find(name);
        if (field == nullptr) {
            return fail(unclassified(fmt::format("unable to find api field in struct {} for the json field \"{}\"",
                                                 parent.structure->name, name)));
        }
        Place place = placeOf(field->type());
        place.strategy = strategyOf(*field);
        place.mergeKey = field->patchMergeKey;
        return place;
    }
    if (parent.type != nullptr && parent.type->shape == Shape::Map) return placeOf(*parent.type->element);
    return fail(unclassified("merging an object in json but data type is not struct"));
}

Result<Place> itemsOf(const Place& parent, std::string_view name) {
    auto list = memberOf(parent, name);
    if (!list) return list;
    if (list->type->shape != Shape::List) {
        return fail(unclassified("expected slice or array type, but got: struct"));
    }
    Place item = placeOf(*list->type->element);
    item.strategy = list->strategy;
    item.mergeKey = list->mergeKey;
    return item;
}

// The name after "<prefix>/".
Result<std::string> listName(std::string_view key, std::string_view prefix) {
    if (key.size() <= prefix.size() || key[prefix.size()] != '/') {
        return fail(Reason::BadRequest, prefix == kDeleteFromList ? "invalid patch format of primitive list"
                                                                  : "invalid patch format of setElementOrder list");
    }
    return std::string(key.substr(prefix.size() + 1));
}

void discardNulls(json::value& value) {
    if (auto* object = value.if_object()) {
        for (auto it = object->begin(); it != object->end();) {
            if (it->value().is_null()) {
                it = object->stable_erase(it);
            } else {
                discardNulls(it->value());
                ++it;
            }
        }
    } else if (auto* list = value.if_array()) {
        for (auto& item : *list) discardNulls(item);
    }
}

// Takes directives out of a value that has nothing to merge with; false when the value itself was one.
bool removeDirectives(json::value& value) {
    if (auto* object = value.if_object()) {
        if (object->contains(kDirective)) return false;
        for (auto it = object->begin(); it != object->end();) {
            if (removeDirectives(it->value())) {
                ++it;
            } else {
                it = object->stable_erase(it);
            }
        }
    } else if (auto* list = value.if_array()) {
        json::array kept;
        kept.reserve(list->size());
        for (auto& item : *list) {
            if (removeDirectives(item)) kept.push_back(std::move(item));
        }
        *list = std::move(kept);
    }
    return true;
}

Result<void> mergeObject(const Place& place, json::object& original, json::object& patch);

Result<void> retainKeys(json::object& original, json::object& patch) {
    const json::value* directive = patch.if_contains(kRetainKeys);
    if (directive == nullptr) return {};
    const json::value keys = *directive;
    patch.stable_erase(kRetainKeys);
    const auto malformed = [] { return fail(Reason::BadRequest, "invalid patch format of retainKeys"); };
    if (!keys.is_array()) return malformed();
    const auto retained = [&keys](std::string_view name) {
        return std::ranges::any_of(
            keys.get_array(), [name](const json::value& key) { return key.is_string() && key.get_string() == name; });
    };
    for (const auto& member : patch) {
        const auto name = keyOf(member);
        if (member.value().is_null() || name.starts_with(kDeleteFromList) || name.starts_with(kSetElementOrder))
            continue;
        if (!retained(name)) return malformed();
    }
    for (auto it = original.begin(); it != original.end();) {
        it = retained(keyOf(*it)) ? it + 1 : original.stable_erase(it);
    }
    return {};
}

// Carries out the items with $patch: deletions take matching items out of the list, a replacement makes the rest of the
// patch the whole list.
Result<void> carryOutSpecialItems(json::array& original, json::array& patch, std::string_view mergeKey) {
    json::array plain;
    bool replace = false;
    for (auto& item : patch) {
        const json::object& object = item.get_object();
        const json::value* directive = object.if_contains(kDirective);
        if (directive == nullptr) {
            plain.push_back(std::move(item));
        } else if (*directive == "delete") {
            const json::value* key = object.if_contains(mergeKey);
            if (key == nullptr) return fail(noMergeKey(item, mergeKey));
            const auto gone = std::remove_if(original.begin(), original.end(), [&](const json::value& candidate) {
                return hasKey(candidate, mergeKey, *key);
            });
            original.erase(gone, original.end());
        } else if (*directive == "replace") {
            replace = true;
        } else if (*directive == "merge") {
            return fail(unclassified("merging lists cannot yet be specified in the patch"));
        } else {
            return fail(unknownDirective(*directive, item));
        }
    }
    patch = std::move(plain);
    if (replace) {
        original = std::move(patch);
        patch = json::array();
    }
    return {};
}

Result<void> mergeItems(const Place& item, json::array& merged, const json::array& patch) {
    for (const auto& change : patch) {
        const json::value* key = change.get_object().if_contains(item.mergeKey);
        if (key == nullptr) return fail(noMergeKey(change, item.mergeKey));
        const auto found = std::ranges::find_if(
            merged, [&](const json::value& candidate) { return hasKey(candidate, item.mergeKey, *key); });
        if (found == merged.end()) {
            merged.push_back(change);
            continue;
        }
        json::object copy = change.get_object();
        if (auto done = mergeObject(item, found->get_object(), copy); !done) return done;
    }
    return {};
}

// Merges a list whose strategy is merge, or takes the patch's scalars out of it.
Result<json::array> mergeList(const Place& item, json::array original, json::array patch, bool deletion) {
    if (original.empty() && patch.empty()) return original;
    const auto kind = elementKind(original, patch);
    if (!kind) return fail(kind.error());
    json::array merged;
    if (*kind != json::kind::object) {
        if (deletion) return withoutItems(original, patch);
        merged = original;
        merged.insert(merged.end(), patch.begin(), patch.end());
        removeDuplicateScalars(merged);
        auto [fromPatch, serverOnly] = partition(merged, patch, {});
        return mergeOrders(std::move(fromPatch), std::move(serverOnly), patch, original, {});
    }
    if (item.mergeKey.empty()) {
        return fail(unclassified(
            fmt::format("cannot merge lists without merge key for {}", item.structure != nullptr ? "struct" : "map")));
    }
    if (auto done = carryOutSpecialItems(original, patch, item.mergeKey); !done) return fail(done.error());
    merged = original;
    if (auto done = mergeItems(item, merged, patch); !done) return fail(done.error());
    for (const auto& entry : merged) {
        if (!entry.get_object().contains(item.mergeKey)) return fail(noMergeKey(entry, item.mergeKey));
    }
    auto [fromPatch, serverOnly] = partition(merged, patch, item.mergeKey);
    return mergeOrders(std::move(fromPatch), std::move(serverOnly), patch, original, item.mergeKey);
}

Result<json::array> asList(const json::value& value) {
    if (value.is_array()) return value.get_array();
    return fail(unclassified(fmt::format("expected a []interface {{}}, but received a {}", goTypeName(value))));
}

// Merges one list together with the order that the patch wants for it.
Result<void> applyElementOrder(const Place& place, json::object& original, json::object& patch, const std::string& name,
                               const json::value& wanted) {
    auto order = asList(wanted);
    if (!order) return fail(order.error());
    const json::value* live = original.if_contains(name);
    const json::value* change = patch.if_contains(name);
    auto liveItems = live == nullptr ? Result<json::array>(json::array()) : asList(*live);
    if (!liveItems) return fail(liveItems.error());
    auto patchItems = change == nullptr ? Result<json::array>(json::array()) : asList(*change);
    if (!patchItems) return fail(patchItems.error());
    const auto item = itemsOf(place, name);
    if (!item) return fail(item.error());
    if (auto fits = checkOrder(*patchItems, *order, item->mergeKey); !fits) return fits;
    if (live == nullptr && change == nullptr) return {};

    json::array merged = *liveItems;
    if (live == nullptr) {
        json::value added = *change;
        removeDirectives(added);
        merged = std::move(added.get_array());
    } else if (change != nullptr) {
        auto result = item->strategy == "merge" ? mergeList(*item, *liveItems, *patchItems, false)
                                                : Result<json::array>(*patchItems);
        if (!result) return fail(result.error());
        merged = std::move(*result);
    }
    const auto kind = elementKind(*liveItems, *patchItems);
    if (!kind) return fail(kind.error());
    if (auto keyed = checkMergeKeys(merged, item->mergeKey); !keyed) return keyed;
    auto [fromPatch, serverOnly] = partition(merged, *order, item->mergeKey);
    auto sorted = mergeOrders(std::move(fromPatch), std::move(serverOnly), *order, *liveItems,
                              *kind == json::kind::object ? item->mergeKey : std::string_view{});
    if (!sorted) return fail(sorted.error());
    original[name] = std::move(*sorted);
    patch.stable_erase(name);
    return {};
}

Result<void> applyElementOrders(const Place& place, json::object& original, json::object& patch) {
    std::vector<std::string> directives;
    for (const auto& member : patch) {
        if (keyOf(member).starts_with(kSetElementOrder)) directives.emplace_back(keyOf(member));
    }
    for (const auto& directive : directives) {
        const json::value wanted = std::move(patch.at(directive));
        patch.stable_erase(directive);
        const auto name = listName(directive, kSetElementOrder);
        if (!name) return fail(name.error());
        if (auto done = applyElementOrder(place, original, patch, *name, wanted); !done) return done;
    }
    return {};
}

bool sameGoType(const json::value& a, const json::value& b) {
    return goTypeName(a) == goTypeName(b);
}

// Merges one member of the patch that is not null into the document.
Result<void> mergeMember(const Place& place, json::object& original, const std::string& name, json::value& change,
                         bool deletion) {
    json::value* current = original.if_contains(name);
    const bool bothContainers =
        current != nullptr && sameGoType(*current, change) && (change.is_object() || change.is_array());
    if (!bothContainers) {
        if (deletion) return {};
        discardNulls(change);
        if (removeDirectives(change)) {
            original[name] = std::move(change);
        } else {
            original.stable_erase(name);
        }
        return {};
    }
    if (change.is_object()) {
        const auto member = memberOf(place, name);
        if (!member) return fail(member.error());
        if (member->strategy == "replace") {
            *current = std::move(change);
            return {};
        }
        return mergeObject(*member, current->get_object(), change.get_object());
    }
    const auto item = itemsOf(place, name);
    if (!item) return fail(item.error());
    if (item->strategy != "merge" && !deletion) {
        *current = std::move(change);
        return {};
    }
    auto merged = mergeList(*item, std::move(current->get_array()), std::move(change.get_array()), deletion);
    if (!merged) return fail(merged.error());
    *current = std::move(*merged);
    return {};
}

Result<void> mergeObject(const Place& place, json::object& original, json::object& patch) {
    if (const json::value* directive = patch.if_contains(kDirective); directive != nullptr) {
        if (*directive == "replace") {
            patch.stable_erase(kDirective);
            original = std::move(patch);
            return {};
        }
        if (*directive == "delete") {
            original.clear();
            return {};
        }
        return fail(unknownDirective(*directive, patch));
    }
    if (auto done = retainKeys(original, patch); !done) return done;
    if (auto done = applyElementOrders(place, original, patch); !done) return done;
    for (auto& member : patch) {
        std::string name(keyOf(member));
        const bool deletion = name.starts_with(kDeleteFromList);
        if (deletion) {
            auto list = listName(name, kDeleteFromList);
            if (!list) return fail(list.error());
            name = std::move(*list);
        }
        if (member.value().is_null()) {
            original.stable_erase(name);
            continue;
        }
        if (auto done = mergeMember(place, original, name, member.value(), deletion); !done) return done;
    }
    return {};
}

}  // namespace

Result<json::object> applyStrategicMergePatch(const Struct& schema, json::object document, json::object patch) {
    const Place root{.structure = &schema};
    if (auto done = mergeObject(root, document, patch); !done) return fail(done.error());
    return document;
}

}  // namespace qd::api::merge
