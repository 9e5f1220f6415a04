// Deletes the Pods that have to make room for another one, each with the condition that says why it goes.
#pragma once

#include <string>
#include <vector>

#include "cluster/scheduler/framework/handle.h"

namespace qd::scheduler {

struct VictimEviction {
    PodInfoPtr preemptor;
    std::string node;
    std::vector<PodInfoPtr> victims;
    std::vector<PodInfoPtr> noLongerNominated;  // whose nomination to the node is taken back
};

// Blocks for the writes. Goes on after an error, and returns the first.
Result<void> evictVictims(Handle& handle, const VictimEviction& work);

}  // namespace qd::scheduler
