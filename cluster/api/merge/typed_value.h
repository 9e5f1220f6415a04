// JSON trees seen through a merge schema: the operations of structured-merge-diff from which server-side apply is made.
//
// Values may be absent (a null pointer), which is not the same as JSON's null. Everything here is a pure function.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "cluster/api/merge/field_set.h"
#include "cluster/api/merge/merge_schema.h"
#include "cluster/base/result.h"

namespace qd::api::merge {

// What differs between two values.
struct Comparison {
    FieldSet removed;
    FieldSet modified;
    FieldSet added;

    bool same() const { return removed.empty() && modified.empty() && added.empty(); }
};

// Two values below the roots that a comparison does not look at, as if they were absent.
struct Unseen {
    const json::value* before = nullptr;
    const json::value* after = nullptr;
};

Comparison compare(const Schema& schema, const json::value& before, const json::value& after,
                   const Unseen& unseen = {});

// Every leaf, list item and member of a map without declared fields that the value has.
FieldSet fieldsOf(const Schema& schema, const json::value& value);

// What is wrong with the value by the schema, in structured-merge-diff's words; empty when nothing is.
std::string validate(const Schema& schema, const json::value& value);

// Merges what is applied into what is there. Both must be valid; what is there may have duplicate items.
void mergeInto(const Schema& schema, json::value& live, const json::value& applied);

// Takes the fields out of the value. Objects and lists that lose their last member stay as empty ones, unless they are
// in the set themselves.
void removeFields(const Schema& schema, json::value& value, const FieldSet& fields);

// The set with every declared field that it holds anything below.
FieldSet withNamedFields(const Schema& schema, const FieldSet& fields);

// A set written under an older schema, in which parts that are atomic now were granular; nullopt when it still fits.
std::optional<FieldSet> reconcile(const Schema& schema, const FieldSet& fields);

// What tells an item of an associative list from the others.
Result<PathElement> itemElement(const Schema& list, const json::value& item);

// What a new object of the struct looks like before anyone sets a field: Go writes structs and members without
// omitempty.
json::object zeroObject(const Struct& structure);

}  // namespace qd::api::merge
