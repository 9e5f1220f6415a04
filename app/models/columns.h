// The columns of each kind's table.
#pragma once

#include "app/models/resource_table_model.h"

namespace qd::models {

// `inventory` answers what a row says about other objects (a Deployment's Pods); it outlives the columns.
// `ofOne`: of one Deployment, with the revision in place of the namespace.
QVector<Column> podColumns(Inventory& inventory, bool ofOne = false);
QVector<Column> deploymentColumns(Inventory& inventory);
QVector<Column> serviceColumns(Inventory& inventory);
QVector<Column> nodeColumns(Inventory& inventory);
QVector<Column> eventColumns();
// Events in one column of two lines, for narrow places.
QVector<Column> feedColumns();

}  // namespace qd::models
