// The kinds by which certificates are asked for and given.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind certificateSigningRequestKind();

}  // namespace qd::api
