// What the work of a thread costs.
#pragma once

#include "cluster/base/time.h"

namespace qd::base {

// The processor time that the calling thread has used so far. Never ask for it under simulation: no two runs take the same.
Duration threadTime();

}  // namespace qd::base
