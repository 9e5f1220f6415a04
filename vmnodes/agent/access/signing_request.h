// The CertificateSigningRequest by which a node asks for its client certificate, and what stands in an answered one.
// Pure. Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/.
#pragma once

#include <optional>
#include <string>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/base/pki/certificate.h"

namespace qd::agent {

// Without name: the server makes one of "csr-". `life` is a wish; none: as long as the signer gives.
Result<certificatesv1::CertificateSigningRequest> nodeClientRequest(const std::string& nodeName,
                                                                    const pki::PrivateKey& key,
                                                                    std::optional<std::int32_t> life);

// The name of a request of this key for this node, always the same: whoever asks again finds what was asked before.
Result<std::string> requestName(const std::string& nodeName, const pki::PrivateKey& key);
// Whether a request that was found under that name asks for the same.
bool asksForTheSame(const certificatesv1::CertificateSigningRequest& found,
                    const certificatesv1::CertificateSigningRequest& wanted);

// The certificate, or nothing while it is still to come. Forbidden when it is denied, Invalid when it cannot be signed,
// with what the approver or the signer said.
Result<std::optional<std::string>> issuedCertificate(const certificatesv1::CertificateSigningRequest& request);

}  // namespace qd::agent
