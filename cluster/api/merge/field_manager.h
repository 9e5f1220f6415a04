// Server-side apply and the bookkeeping of who owns which field, as structured-merge-diff v6 and
// k8s.io/apimachinery managedfields have them (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
//
// Two operations: applyManaged merges what a manager applies into the live object and updates its managed fields;
// updateManaged computes the managed fields after a create, update or patch. Both are pure functions of JSON trees.
// Neither defaults nor validates the outcome: the caller decodes it, which does.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/api/descriptor.h"
#include "cluster/api/merge/field_set.h"
#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::api::merge {

// An object in another version of its API.
struct OtherVersion {
    boost::json::value object;
    const Struct* schema = nullptr;
};

struct ManagedContext {
    const Struct& schema;
    std::string_view group = {};
    std::string_view version;
    std::string_view kind;
    std::string_view subresource = {};      // "" for the object itself, else "status", "scale", ...
    const FieldSet* resetFields = nullptr;  // what this kind and subresource throw away; nobody comes to own it
    base::WallTime now = {};
    // Converts to another apiVersion for managers that wrote with it. Nullopt when that version is gone: its managers
    // go too. Without the function such managers are left alone.
    std::function<std::optional<OtherVersion>(const boost::json::value&, std::string_view apiVersion)> convert = {};

    std::string apiVersion() const;
};

// Applies `applied` for the manager; `live` is null when the object is to be created. Fields that the manager applied
// before and no longer does are removed unless somebody else owns them. Another manager's field with another value is a
// Conflict with a cause a field, unless forced. The outcome's metadata.managedFields is complete.
Result<boost::json::value> applyManaged(const ManagedContext& context, const boost::json::value& live,
                                        const boost::json::value& applied, std::string_view manager, bool force);

// The managed fields of `updated`, written over `live` (null on create) by the manager; null when nobody manages
// anything. Both are in the form that is stored, but `updated` still has the managedFields that the request gave: an
// empty list (or a list of one empty entry) resets, unusable ones are ignored in favour of the live object's.
boost::json::value updateManaged(const ManagedContext& context, const boost::json::value& live,
                                 const boost::json::value& updated, std::string_view manager);

}  // namespace qd::api::merge
