#include <fmt/format.h>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/apiserver/admission/certificates.h"
#include "cluster/apiserver/admission/signer_permission.h"

namespace qd::apiserver {
namespace {

class CertificateApproval final : public AdmissionPlugin {
public:
    explicit CertificateApproval(const Authorizer* authorizer) : m_authorizer(authorizer) {}
    const char* name() const override { return "CertificateApproval"; }
    Result<void> validate(const AdmissionRequest& request, const Reader&) const override {
        if (!m_authorizer || request.operation != Operation::Update || request.subresource != "approval" ||
            !request.old)
            return {};
        const auto* csr = api::objectAs<certificatesv1::CertificateSigningRequest>(*request.old);
        if (!csr || mayActForSigner(*m_authorizer, request.user, "approve", csr->spec.signerName)) return {};
        return fail(forbidden(request, fmt::format("user not permitted to approve requests with signerName \"{}\"",
                                                   csr->spec.signerName)));
    }

private:
    const Authorizer* m_authorizer;
};

}  // namespace

std::unique_ptr<AdmissionPlugin> certificateApproval(const Authorizer* authorizer) {
    return std::make_unique<CertificateApproval>(authorizer);
}

}  // namespace qd::apiserver
