// The built-in admission plugins for signing requests.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/.
#pragma once

#include <memory>

#include "cluster/apiserver/admission/admission.h"
#include "cluster/apiserver/auth/authorizer.h"

namespace qd::apiserver {

// Who approves a request, and who signs it, must be permitted to do so for its signer. authorizer: may be null, then
// all are.
std::unique_ptr<AdmissionPlugin> certificateApproval(const Authorizer* authorizer);
std::unique_ptr<AdmissionPlugin> certificateSigning(const Authorizer* authorizer);
// Nobody asks for a client certificate of the group that may do everything.
std::unique_ptr<AdmissionPlugin> certificateSubjectRestriction();

}  // namespace qd::apiserver
