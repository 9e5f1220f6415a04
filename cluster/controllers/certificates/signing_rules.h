// What the signers of a cluster ask of a CertificateSigningRequest, and how long its certificate is good for. Pure.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers.
#pragma once

#include <optional>
#include <string>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/base/pki/certificate.h"

namespace qd::controllers {

inline constexpr char kLegacyUnknownSigner[] = "kubernetes.io/legacy-unknown";

bool isApproved(const certificatesv1::CertificateSigningRequest& request);  // and not denied
bool hasCondition(const certificatesv1::CertificateSigningRequest& request, std::string_view type);  // with status True

// Whether one of the cluster's own signers is meant.
bool isClusterSigner(std::string_view signer);
// What is wrong with the request for that signer, in upstream's words; empty: it may be signed.
std::string signerProblem(std::string_view signer, const pki::SigningRequest& request, const std::vector<std::string>& usages);
// What the certificate of a node's agent must look like.
std::string nodeClientProblem(const pki::SigningRequest& request, const std::vector<std::string>& usages);

// The life that a certificate gets: what was asked for, at least ten minutes and at most `longest`. It begins five minutes ago,
// because clocks differ; the time is taken off its end unless the life is short.
pki::Validity validityFor(std::optional<std::int32_t> expirationSeconds, base::Duration longest, base::WallTime now);

// Until when an answered, forgotten or expired request is kept; nothing while it is for good.
std::optional<base::WallTime> keptUntil(const certificatesv1::CertificateSigningRequest& request);

}  // namespace qd::controllers
