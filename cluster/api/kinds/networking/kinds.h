// The kinds of networking beside Services.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

Kind ingressClassKind();
Kind ingressKind();
Kind ipAddressKind();
Kind networkPolicyKind();
Kind serviceCidrKind();

}  // namespace qd::api
