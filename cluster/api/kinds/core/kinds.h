// The kinds of the core group that have rules of their own, a file each.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind componentStatusKind();
Kind configMapKind();
Kind endpointsKind();
Kind limitRangeKind();
Kind namespaceKind();
Kind nodeKind();
Kind persistentVolumeClaimKind();
Kind persistentVolumeKind();
Kind podKind();
Kind podTemplateKind();
Kind replicationControllerKind();
Kind resourceQuotaKind();
Kind secretKind();
Kind serviceAccountKind();
Kind serviceKind();

}  // namespace qd::api
