// Who wrote which fields of an object, as its managed fields tell
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management). Pure.
#pragma once

#include <QString>
#include <QStringList>
#include <QVector>

#include "cluster/api/object.h"
#include "cluster/base/time.h"

namespace qd::models {

struct FieldOwner {
    QString who;         // "You, with kubectl apply", "controllers, status"
    QString when;        // "14 s ago"
    QStringList fields;  // "spec.replicas", the parts of spec and metadata that it wrote

    bool operator==(const FieldOwner&) const = default;
};

// The latest write first.
QVector<FieldOwner> fieldOwnersOf(const api::Object& object, base::WallTime now);

}  // namespace qd::models
