// Numbers that may be given as a part of a whole.
#pragma once

#include <cstdint>
#include <optional>

#include "cluster/api/values.h"

namespace qd::controllers {

// A number as it is; "25%" of the total, rounded up or down. Anything else was refused by validation and counts as 0.
std::int32_t share(const std::optional<api::IntOrString>& value, std::int32_t total, bool roundUp);

}  // namespace qd::controllers
