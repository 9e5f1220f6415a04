// The promises about CertificateSigningRequests:
//
//     a certificate is issued only for a request that was approved and not denied, once, for its name, by the cluster's
//     authority, for no longer than was asked for; one that its signer does not take gets none
//     nobody but people approves anything else than client certificates for nodes' agents
//     a request is deleted an hour after it was answered, a day after it was made, or when its certificate has run out,
//     and not before
//     at rest every approved request of the cluster's own signers has its certificate or has failed
#pragma once

#include <map>
#include <memory>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/base/pki/certificate.h"
#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class CertificatesInvariant final : public Invariant {
public:
    explicit CertificatesInvariant(std::shared_ptr<const pki::Authority> authority)
        : m_authority(std::move(authority)) {}

    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> restless() const override;

private:
    using Request = certificatesv1::CertificateSigningRequest;
    std::optional<std::string> judgeCertificate(const Request& request, base::WallTime now) const;

    const std::shared_ptr<const pki::Authority> m_authority;
    std::map<std::string, Request> m_requests;
};

}  // namespace qd::simulation
