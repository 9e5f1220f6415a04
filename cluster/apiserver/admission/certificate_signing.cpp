#include <fmt/format.h>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/apiserver/admission/certificates.h"
#include "cluster/apiserver/admission/signer_permission.h"

namespace qd::apiserver {
namespace {

using certificatesv1::CertificateSigningRequest;

class CertificateSigning final : public AdmissionPlugin {
public:
    explicit CertificateSigning(const Authorizer* authorizer) : m_authorizer(authorizer) {}
    const char* name() const override { return "CertificateSigning"; }
    Result<void> validate(const AdmissionRequest& request, const Reader&) const override {
        if (!m_authorizer || request.operation != Operation::Update || request.subresource != "status" || !request.old)
            return {};
        const auto* now = api::objectAs<CertificateSigningRequest>(static_cast<const api::Object&>(*request.object));
        const auto* old = api::objectAs<CertificateSigningRequest>(*request.old);
        if (!now || !old || now->status == old->status) return {};
        if (mayActForSigner(*m_authorizer, request.user, "sign", old->spec.signerName)) return {};
        return fail(forbidden(
            request, fmt::format("user not permitted to sign requests with signerName \"{}\"", old->spec.signerName)));
    }

private:
    const Authorizer* m_authorizer;
};

}  // namespace

std::unique_ptr<AdmissionPlugin> certificateSigning(const Authorizer* authorizer) {
    return std::make_unique<CertificateSigning>(authorizer);
}

}  // namespace qd::apiserver
