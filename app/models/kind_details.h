// What the Details tab says of the kinds that have no page of their own: state, kubectl's columns, the Pods that belong
// to the object, its conditions, and what is in it.
#pragma once

#include "app/models/details.h"

namespace qd::models {

void addKind(QVector<DetailGroup>& groups, Inventory& inventory, const api::Object& object, base::WallTime now);

}  // namespace qd::models
