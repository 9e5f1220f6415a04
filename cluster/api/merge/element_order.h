// The order of list items after a strategic merge: items of the patch in the order the patch wants, items that only the
// server has in their own order, the two interleaved as the live list had them.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "cluster/base/result.h"

namespace qd::api::merge {

namespace json = boost::json;

// An error that the API server does not classify: code 500 without a reason.
Error unclassified(std::string message);
Error noMergeKey(const json::value& item, std::string_view mergeKey);
Error unknownDirective(const json::value& directive, const json::value& where);

// Whether the item is an object whose member mergeKey has this value.
bool hasKey(const json::value& item, std::string_view mergeKey, const json::value& key);

// The kind that all items of both lists share; integers count as one kind. Fails on mixed or empty lists and on lists
// of lists.
Result<json::kind> elementKind(const json::array& a, const json::array& b);

// All items are objects with the merge key; always so without one.
Result<void> checkMergeKeys(const json::array& items, std::string_view mergeKey);

// The patch's items (deletions aside) must stand in the wanted order and be among it.
Result<void> checkOrder(const json::array& patch, const json::array& order, std::string_view mergeKey);

void removeDuplicateScalars(json::array& items);
json::array withoutItems(const json::array& items, const json::array& removed);

// Items that are also in `by` (by merge key, or by value without one), and the others.
std::pair<json::array, json::array> partition(const json::array& items, const json::array& by,
                                              std::string_view mergeKey);

Result<json::array> mergeOrders(json::array fromPatch, json::array serverOnly, const json::array& patchOrder,
                                const json::array& serverOrder, std::string_view mergeKey);

}  // namespace qd::api::merge
