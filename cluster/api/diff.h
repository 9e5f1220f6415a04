// What changed between two objects, field by field: for previews of an edit and for the timeline.
#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

#include "cluster/api/descriptor.h"

namespace qd::api {

struct FieldChange {
    // "spec.replicas", "spec.containers[name=web].image", "metadata.labels.app", "spec.args[2]". Elements of lists that
    // are maps by key are named by their keys, others by position.
    std::string path;
    std::optional<boost::json::value> before;  // absent: the field was added
    std::optional<boost::json::value> after;   // absent: the field was removed

    bool operator==(const FieldChange&) const = default;
};

// In the order of the members. Null, absent and empty lists and maps count as the same. Changes are told as deep as
// possible; a struct or list that is there only once is one change. `structure` names the keys of lists; without it
// they go by position.
std::vector<FieldChange> diff(const boost::json::value& before, const boost::json::value& after,
                              const Struct* structure = nullptr);
std::vector<FieldChange> diff(const Object& before, const Object& after);

}  // namespace qd::api
