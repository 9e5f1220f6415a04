#include "cluster/api/merge/merge_patch.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cluster/api/merge/json_value.h"

namespace qd::api::merge {
namespace {

// A value that nothing is there to merge with: the nulls of its objects ask for nothing.
json::value withoutNulls(const json::value& value) {
    if (const auto* object = value.if_object()) {
        json::object kept;
        for (const auto& member : *object) {
            if (!member.value().is_null()) kept.emplace(member.key(), withoutNulls(member.value()));
        }
        return kept;
    }
    if (const auto* list = value.if_array()) {
        json::array kept;
        kept.reserve(list->size());
        for (const auto& item : *list) kept.push_back(withoutNulls(item));
        return kept;
    }
    return value;
}

void mergeObject(json::object& target, const json::object& patch) {
    for (const auto& member : patch) {
        if (member.value().is_null()) {
            target.erase(member.key());
            continue;
        }
        json::value* current = target.if_contains(member.key());
        if (current != nullptr && current->is_object() && member.value().is_object()) {
            mergeObject(current->get_object(), member.value().get_object());
        } else if (current != nullptr && current->is_object()) {
            *current = member.value();
        } else {
            target.insert_or_assign(member.key(), withoutNulls(member.value()));
        }
    }
}

}  // namespace

Result<json::value> applyMergePatch(json::value document, const json::value& patch) {
    if (patch.is_array()) return withoutNulls(patch);
    if (!patch.is_object()) return fail(Reason::BadRequest, "Invalid JSON Patch");
    if (!document.is_object()) return withoutNulls(patch);
    mergeObject(document.get_object(), patch.get_object());
    return document;
}

}  // namespace qd::api::merge
