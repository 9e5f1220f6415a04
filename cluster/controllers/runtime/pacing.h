// How often one key is synced.
#pragma once

#include "cluster/base/time.h"

namespace qd::controllers {

// How long a key is left alone after a sync that has used so much processor time: not at all after one millisecond or
// less, else four times as long, 100 ms at most. A workload of thousands of Pods is looked at as a whole whenever one of
// them changes; this way what changes meanwhile is seen together, and the workload takes a fifth of a processor.
base::Duration restAfter(base::Duration used);

}  // namespace qd::controllers
