// The inner step of apply and update: given what changed, who owns what from now on.
#pragma once

#include <vector>

#include "cluster/api/merge/field_manager.h"
#include "cluster/api/merge/managed_fields.h"
#include "cluster/api/merge/typed_value.h"

namespace qd::api::merge {

struct Conflict {
    ManagerId manager;
    Path path;
};

// What changed, in the version of each manager's entry.
class Changes {
public:
    Changes(const ManagedContext& context, const json::value& before, const json::value& after, const Unseen& unseen);

    const Comparison& own() const { return m_own; }
    // Null when the version is gone; `alone` is set when the manager is to be left alone.
    const Comparison* in(const std::string& apiVersion, bool& alone);

private:
    const ManagedContext& m_context;
    const json::value& m_before;
    const json::value& m_after;
    Comparison m_own;
    std::vector<std::pair<std::string, std::optional<Comparison>>> m_others;
};

// Takes what changed from every manager but the one that changed it. Without force it changes nothing when that would
// take fields with new values from somebody, and says from whom.
std::vector<Conflict> takeFromOthers(ManagedFields& managed, Changes& changes, const ManagerId* self, bool force);

// Rewrites entries that were written under an older schema.
void reconcileAll(const ManagedContext& context, ManagedFields& managed);

// Leaves out what the kind throws away.
FieldSet withoutResetFields(const ManagedContext& context, FieldSet fields);
// Leaves out what every object has: apiVersion, kind, name, uid, ...
FieldSet withoutTypeAndIdentity(const FieldSet& fields);

// Folds the oldest updaters into "ancient-changes" when there are more than ten.
void capUpdaters(ManagedFields& managed);

// Removes from `merged` what the manager applied the last time, does not apply now, and nobody else owns.
void prune(const ManagedContext& context, json::value& merged, const ManagedFields& managed, const FieldSet& last);

Error conflictError(const std::vector<Conflict>& conflicts);

}  // namespace qd::api::merge
