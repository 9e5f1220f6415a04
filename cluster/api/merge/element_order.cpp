#include "cluster/api/merge/element_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <optional>

#include "cluster/api/merge/json_value.h"

namespace qd::api::merge {
namespace {

std::string printed(const json::value& value) {
    std::string text;
    appendGoPrint(text, value);
    return text;
}

// What items are told apart by: the merge key's value, or the item itself.
const json::value* identity(const json::value& item, std::string_view mergeKey) {
    if (mergeKey.empty()) return &item;
    return item.is_object() ? item.get_object().if_contains(mergeKey) : nullptr;
}

std::optional<std::size_t> indexOf(const json::array& order, const json::value& item, std::string_view mergeKey) {
    const json::value* wanted = identity(item, mergeKey);
    for (std::size_t i = 0; i < order.size(); ++i) {
        const json::value* candidate = identity(order[i], mergeKey);
        if (wanted == nullptr ? candidate == nullptr : candidate != nullptr && equalValues(*wanted, *candidate))
            return i;
    }
    return std::nullopt;
}

bool isDeletion(const json::value& item) {
    const json::value* directive = item.is_object() ? item.get_object().if_contains("$patch") : nullptr;
    return directive != nullptr && *directive == "delete";
}

// Insertion sort, because the comparison is not an order when items are missing from the wanted one: they move to the
// front, as upstream has it.
Result<void> sortBy(json::array& items, const json::array& order, std::string_view mergeKey) {
    if (!mergeKey.empty()) {
        if (auto keyed = checkMergeKeys(items, mergeKey); !keyed) return keyed;
        if (auto keyed = checkMergeKeys(order, mergeKey); !keyed) return keyed;
    }
    json::array deletions;
    json::array kept;
    for (auto& item : items) (isDeletion(item) ? deletions : kept).push_back(std::move(item));
    for (std::size_t i = 1; i < kept.size(); ++i) {
        for (std::size_t j = i; j > 0; --j) {
            const auto here = indexOf(order, kept[j], mergeKey);
            const auto before = indexOf(order, kept[j - 1], mergeKey);
            if (here && before && *here >= *before) break;
            std::swap(kept[j], kept[j - 1]);
        }
    }
    for (auto& item : deletions) kept.push_back(std::move(item));
    items = std::move(kept);
    return {};
}

}  // namespace

Error unclassified(std::string message) {
    Error error{Reason::Unknown, std::move(message)};
    error.code = 500;
    return error;
}

Error noMergeKey(const json::value& item, std::string_view mergeKey) {
    return unclassified(fmt::format("map: {} does not contain declared merge key: {}", printed(item), mergeKey));
}

Error unknownDirective(const json::value& directive, const json::value& where) {
    return unclassified(fmt::format("unknown patch type: {} in map: {}", printed(directive), printed(where)));
}

bool hasKey(const json::value& item, std::string_view mergeKey, const json::value& key) {
    const json::value* found = identity(item, mergeKey);
    return found != nullptr && equalValues(*found, key);
}

Result<json::kind> elementKind(const json::array& a, const json::array& b) {
    std::optional<std::string_view> type;
    const json::value* sample = nullptr;
    for (const json::array* list : {&a, &b}) {
        for (const auto& item : *list) {
            if (item.is_array()) {
                Error error{Reason::Invalid, "the server rejected our request due to an error in our request"};
                error.details = base::ErrorDetails{};
                return fail(std::move(error));
            }
            if (type && *type != goTypeName(item)) {
                return fail(
                    unclassified(fmt::format("list element types are not identical: [{} {}]", printed(a), printed(b))));
            }
            type = goTypeName(item);
            sample = &item;
        }
    }
    if (sample == nullptr) return fail(unclassified("no elements in any of the given slices"));
    return sample->kind() == json::kind::uint64 ? json::kind::int64 : sample->kind();
}

Result<void> checkMergeKeys(const json::array& items, std::string_view mergeKey) {
    if (mergeKey.empty()) return {};
    for (const auto& item : items) {
        if (!item.is_object()) {
            return fail(
                unclassified(fmt::format("expected a map[string]interface {{}}, but received a {}", goTypeName(item))));
        }
        if (!item.get_object().contains(mergeKey)) return fail(noMergeKey(item, mergeKey));
    }
    return {};
}

Result<void> checkOrder(const json::array& patch, const json::array& order, std::string_view mergeKey) {
    if (patch.empty() || order.empty()) return {};
    std::size_t at = 0;
    for (const auto& item : patch) {
        if (!mergeKey.empty()) {
            if (!item.is_object()) return checkMergeKeys(patch, mergeKey);
            if (item.get_object().contains("$patch")) continue;
        }
        bool found = false;
        while (at < order.size() && !found) {
            if (!mergeKey.empty()) {
                if (auto keyed = checkMergeKeys({item, order[at]}, mergeKey); !keyed) return keyed;
            }
            const json::value* wanted = identity(item, mergeKey);
            found = wanted != nullptr && hasKey(order[at], mergeKey, *wanted);
            ++at;
        }
        if (!found) {
            return fail(
                unclassified(fmt::format("The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
                                         printed(patch), printed(order))));
        }
    }
    return {};
}

void removeDuplicateScalars(json::array& items) {
    // The last item fills the gap of a duplicate; the order is mended afterwards by the caller.
    for (std::size_t i = 0; i + 1 < items.size(); ++i) {
        for (std::size_t j = i + 1; j < items.size();) {
            if (!equalValues(items[i], items[j])) {
                ++j;
                continue;
            }
            if (j + 1 != items.size()) items[j] = std::move(items.back());
            items.pop_back();
        }
    }
}

json::array withoutItems(const json::array& items, const json::array& removed) {
    json::array kept;
    for (const auto& item : items) {
        if (!indexOf(removed, item, {})) kept.push_back(item);
    }
    return kept;
}

std::pair<json::array, json::array> partition(const json::array& items, const json::array& by,
                                              std::string_view mergeKey) {
    std::pair<json::array, json::array> parts;
    for (const auto& item : items) (indexOf(by, item, mergeKey) ? parts.first : parts.second).push_back(item);
    return parts;
}

Result<json::array> mergeOrders(json::array fromPatch, json::array serverOnly, const json::array& patchOrder,
                                const json::array& serverOrder, std::string_view mergeKey) {
    if (auto sorted = sortBy(fromPatch, patchOrder, mergeKey); !sorted) return fail(sorted.error());
    if (auto sorted = sortBy(serverOnly, serverOrder, mergeKey); !sorted) return fail(sorted.error());
    json::array merged;
    merged.reserve(fromPatch.size() + serverOnly.size());
    auto patch = fromPatch.begin();
    auto server = serverOnly.begin();
    while (patch != fromPatch.end() || server != serverOnly.end()) {
        bool takeServer = patch == fromPatch.end();
        if (!takeServer && server != serverOnly.end()) {
            const auto left = indexOf(serverOrder, *server, mergeKey);
            const auto right = indexOf(serverOrder, *patch, mergeKey);
            takeServer = left && right && *left < *right;
        }
        merged.push_back(std::move(takeServer ? *server++ : *patch++));
    }
    return merged;
}

}  // namespace qd::api::merge
