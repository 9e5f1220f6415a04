// The kinds of role-based access control.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind clusterRoleKind();
Kind clusterRoleBindingKind();
Kind roleKind();
Kind roleBindingKind();

}  // namespace qd::api
