// Sums and comparisons of named amounts.
#pragma once

#include <set>
#include <string>

#include "cluster/api/quota/pod_resources.h"

namespace qd::api {

using ResourceNameSet = std::set<std::string>;

ResourceNameSet namesOf(const Quantities& amounts);
Quantities sum(const Quantities& a, const Quantities& b);
// a - b where that is more than nothing, else zero.
Quantities increase(const Quantities& a, const Quantities& b);
Quantities withoutZeros(const Quantities& amounts);
// Those of these names alone.
Quantities masked(const Quantities& amounts, const ResourceNameSet& names);
// "cpu=1,pods=3", sorted by name.
std::string inWords(const Quantities& amounts);

}  // namespace qd::api
