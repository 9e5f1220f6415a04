// The kinds of storage: classes of volumes, and the drivers that serve them.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind csiDriverKind();
Kind csiNodeKind();
Kind csiStorageCapacityKind();
Kind storageClassKind();
Kind volumeAttachmentKind();
Kind volumeAttributesClassKind();

}  // namespace qd::api
