// Client certificates: the common name is the user, the organisations are the groups.
#pragma once

#include "cluster/apiserver/auth/authenticator.h"

namespace qd::apiserver {

class CertificateAuthenticator final : public Authenticator {
public:
    Result<std::optional<User>> authenticate(const Request& request) const override;
};


}  // namespace qd::apiserver
