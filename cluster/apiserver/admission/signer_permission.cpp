#include "cluster/apiserver/admission/signer_permission.h"

namespace qd::apiserver {

bool mayActForSigner(const Authorizer& authorizer, const User& user, const std::string& verb,
                     const std::string& signer) {
    AuthorizationAttributes asked;
    asked.user = &user;
    asked.verb = verb;
    asked.group = "certificates.k8s.io";
    asked.version = "*";
    asked.resource = "signers";
    asked.name = signer;
    if (authorizer.authorize(asked).decision == Decision::Allow) return true;
    asked.name = signer.substr(0, signer.find('/')) + "/*";
    return authorizer.authorize(asked).decision == Decision::Allow;
}

}  // namespace qd::apiserver
