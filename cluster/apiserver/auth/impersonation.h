// Acting as somebody else: the Impersonate-* headers. Both the right to be somebody (verb `impersonate`) and the constrained
// rights (`impersonate:MODE` together with `impersonate-on:MODE:VERB`, KEP-5284) are known.
// https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
#pragma once

#include "cluster/apiserver/auth/authorizer.h"
#include "cluster/apiserver/http.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

// The user that the request is to be treated as: asked.user when no header asks for another one, Forbidden when that one
// may not act so, BadRequest when groups, a uid or extra fields come without a user.
Result<User> impersonated(const Request& request, const AuthorizationAttributes& asked, const Authorizer& authorizer);

}  // namespace qd::apiserver
