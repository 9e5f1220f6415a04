// What is to be done next about a claim that asks for a larger volume than it has. Pure.
#pragma once

#include "cluster/api/volumes/resize_rules.h"

namespace qd::controllers {

struct ResizeStep {
    enum class Do : std::uint8_t {
        Nothing,
        Expand,   // to `size`
        AskNode,  // the volume is large enough, the file system is not
        Settle,   // all is done; what the volume remembers of its former size goes
    };
    Do what = Do::Nothing;
    api::Quantity size = {};
};

// Both bound to one another. A size that was begun is finished before another one is, so that what the storage was
// asked for and what quota counts never part.
ResizeStep planResize(const corev1::PersistentVolumeClaim& claim, const corev1::PersistentVolume& volume);

}  // namespace qd::controllers
