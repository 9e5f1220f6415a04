// Who may act for a signer of certificates.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#authorization.
#pragma once

#include <string>

#include "cluster/apiserver/auth/authorizer.h"

namespace qd::apiserver {

// Whether RBAC grants the verb ("approve", "sign") on this signer or on all of its domain ("example.com/*").
bool mayActForSigner(const Authorizer& authorizer, const User& user, const std::string& verb,
                     const std::string& signer);

}  // namespace qd::apiserver
