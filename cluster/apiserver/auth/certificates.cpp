#include "cluster/apiserver/auth/certificates.h"

namespace qd::apiserver {

Result<std::optional<User>> CertificateAuthenticator::authenticate(const Request& request) const {
    if (!request.peer || request.peer->commonName.empty()) return std::optional<User>{};
    User user;
    user.name = request.peer->commonName;
    user.groups = request.peer->organizations;
    user.extra["authentication.kubernetes.io/credential-id"] = {"X509SHA256=" + request.peer->sha256};
    return std::optional(std::move(user));
}

}  // namespace qd::apiserver
