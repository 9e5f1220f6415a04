// Going back to an earlier revision, as `kubectl rollout undo` does it: a Deployment's revisions are its ReplicaSets,
// those of a StatefulSet or DaemonSet its ControllerRevisions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/models/live_objects.h"

namespace qd::actions {

struct EarlierRevision {
    qint64 number;
    bridge::ObjectKey holder;  // the object that keeps the revision's template
};

// The newest first; the present one is left out. Asking begins to watch the holders, so that the first answer may be
// empty.
std::vector<EarlierRevision> earlierRevisions(models::Inventory& inventory, const api::Object& object);
// Whether objects of the kind have revisions, and what holds them; null if not.
const bridge::Resource* revisionHolder(std::string_view kind);

struct RollbackPatch {
    bridge::PatchType type;
    std::string json;
};

// What brings the revision back, by the JSON of its holder; nullopt when it cannot be read.
std::optional<RollbackPatch> rollbackPatch(const std::string& holderJson);

}  // namespace qd::actions
