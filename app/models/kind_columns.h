// The columns of any kind's table: name, namespace, state and Pods in the window's language, then what `kubectl get`
// shows of the kind. So a kind that the API server learns is shown without a word about it here.
#pragma once

#include "app/models/resource_table_model.h"

namespace qd::models {

QVector<Column> kindColumns(Inventory& inventory, const bridge::Resource& resource);

// What kubectl's columns say of an object beside its name, namespace, state and age: title and text, for the details.
QVector<std::pair<QString, QString>> kindFacts(const api::Object& object, base::WallTime now);

}  // namespace qd::models
