// The store's answers that Kubernetes clients know by their reason and wording.
#pragma once

#include "cluster/store/types.h"

namespace qd::store {

// Timeout, "Too large resource version: X, current: Y", retry after 1 s: upstream's answer to a list or watch from a
// revision that is not there (yet).
Error tooLargeRevision(Revision requested, Revision current);
// Expired, "too old resource version: X (Y)": a watch from before the history that is kept.
Error tooOldRevision(Revision requested, Revision oldest);
// Expired: a list of a state that is not kept any more.
Error tooOldListRevision();

}  // namespace qd::store
