// Why an object is as it is: the chain of writes that led to it, as far as the objects themselves tell. Pure.
#pragma once

#include <QString>
#include <QVector>

#include "app/models/live_objects.h"
#include "app/views/state.h"
#include "cluster/base/time.h"

namespace qd::models {

struct StoryStep {
    QString who;                               // "scheduler"
    QString what;                              // "chose node qd-dev-2"
    QString when;                              // "11 s ago", and what made it happen
    views::State state = views::State::Empty;  // of the step's circle; Empty: neutral
    bool yours = false;                        // a person's act begins the chain

    bool operator==(const StoryStep&) const = default;
};

// The oldest step first: whoever wrote the owner last, the controllers in between, and what the object waits for now.
QVector<StoryStep> buildStory(Inventory& inventory, const api::Object& object, base::WallTime now);

}  // namespace qd::models
