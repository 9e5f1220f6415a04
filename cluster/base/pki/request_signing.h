// Certificates that an authority makes of somebody's signing request, for whatever use is asked for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/pki/certificate.h"

namespace qd::pki {

// A certificate of the request's name, key and alternative names as they stand, none of its other extensions, never an
// authority's. It does not outlive the authority: notAfter is cut.
// usages: as certificates.k8s.io spells them; one that it does not know is Invalid.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/.
Result<Certificate> signRequest(const Authority& authority, std::string_view requestPem,
                                const std::vector<std::string>& usages, Validity validity);

}  // namespace qd::pki
