// Who wrote an object, in the reader's words. Pure.
#pragma once

#include <QString>
#include <string_view>

#include "cluster/api/object.h"

namespace qd::models {

struct Writer {
    QString name;         // "kubectl set", "controllers", "agent"
    bool person = false;  // a person with that program, not a part of the cluster
};

// The field manager of an entry of managed fields, as clients name themselves.
Writer writerOf(std::string_view manager);
// "You, with kubectl set" for a person's write, otherwise the part of the cluster.
QString writerText(const Writer& writer);
// The newest entry of the managed fields that is not about the status; null when there is none.
const metav1::ManagedFieldsEntry* lastWrite(const api::Object& object);

}  // namespace qd::models
