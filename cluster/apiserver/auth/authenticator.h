// Finds out who sent a request. Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/.
#pragma once

#include <optional>

#include "cluster/apiserver/auth/user.h"
#include "cluster/apiserver/http.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

class Authenticator {
public:
    virtual ~Authenticator() = default;
    // nullopt: the request carries nothing this authenticator knows. An error: it carries something that is not valid.
    virtual Result<std::optional<User>> authenticate(const Request& request) const = 0;
};

}  // namespace qd::apiserver
