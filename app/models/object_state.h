// How an object is, for every kind that has a state: the word and colour in tables, pills and stories, a line that says
// why, and what to do when something is wrong. Pure but for the inventory, which is asked for the Pods of a workload.
//
// The rules follow what each controller writes into the status, as `kubectl rollout status` and `kubectl describe` read
// it: https://kubernetes.io/docs/concepts/workloads/controllers/.
#pragma once

#include <QString>
#include <optional>
#include <string_view>

#include "app/models/live_objects.h"
#include "app/views/state.h"
#include "cluster/api/object.h"
#include "cluster/base/time.h"

namespace qd::models {

struct ObjectState {
    views::State state = views::State::Empty;
    QString word = {};    // "Ready", "Suspended"; empty for a kind without states
    QString why = {};     // "2 of 3 ready · waits for db-2"
    QString remedy = {};  // what to do; empty when nothing is wrong

    bool operator==(const ObjectState&) const = default;
};

ObjectState stateOf(Inventory& inventory, const api::Object& object, base::WallTime now);
// Whether objects of the kind have a state.
bool hasState(std::string_view kind);

// How many Pods a workload wants, for kinds whose Pods belong to them directly; nullopt for all others.
std::optional<int> wantedPods(const api::Object& object);
// Whether Pods of the kind belong to it directly.
bool ownsPods(std::string_view kind);

// Something that a person should look at: it has failed, or there is something to do about it.
bool isToLookAt(const ObjectState& state);

}  // namespace qd::models
