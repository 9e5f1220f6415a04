// What the verbs that keep managed fields share.
#pragma once

#include "cluster/api/merge/field_set.h"
#include "cluster/apiserver/verbs/verbs.h"

namespace qd::apiserver {

// The fields that this endpoint of the kind throws away (status, for the object itself): nobody comes to own them.
api::merge::FieldSet fieldsResetBy(const Target& target);

}  // namespace qd::apiserver
