// A point of time on both clocks of a node: the one that it acts by, which never goes back, and the one that it writes
// into objects, which an administrator may set.
#pragma once

#include "cluster/base/time.h"

namespace qd::hollow {

struct Moment {
    base::SteadyTime steady{};
    base::WallTime wall{};

    static Moment now(const base::Clock& clock) { return {clock.steady(), clock.now()}; }
    // What this clock would say, or said, at another time.
    Moment at(base::SteadyTime other) const {
        return {other, wall + std::chrono::duration_cast<base::Duration>(other - steady)};
    }
    Moment at(base::WallTime other) const {
        return {steady + std::chrono::duration_cast<base::Duration>(other - wall), other};
    }
};

}  // namespace qd::hollow
