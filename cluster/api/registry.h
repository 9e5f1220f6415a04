// All built-in kinds. The tables are generated.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "cluster/api/descriptor.h"
#include "cluster/api/object.h"

namespace qd::api {

// The kinds of every group version that this version of Kubernetes has, objects and others (Status, DeleteOptions,
// ...).
std::span<const KindName* const> servedKinds();
// The kinds of group versions that it has no more, and of formats of other programs; in a library of their own that
// only tests link.
std::span<const KindName* const> unservedKinds();

// A served kind by its names; null when there is none. Watch events and request options are found under every group
// version.
const KindName* findKind(std::string_view group, std::string_view version, std::string_view kind);
// The same, by apiVersion ("apps/v1").
const KindName* findKind(std::string_view apiVersion, std::string_view kind);

// A new object of a served kind; null when there is none or when it is no Object.
std::unique_ptr<Object> makeObject(std::string_view apiVersion, std::string_view kind);

// "apps/v1" -> {"apps", "v1"}, "v1" -> {"", "v1"}.
struct GroupVersion {
    std::string_view group;
    std::string_view version;
};
GroupVersion splitApiVersion(std::string_view apiVersion);

}  // namespace qd::api
