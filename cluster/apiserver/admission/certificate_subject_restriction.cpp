#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/apiserver/admission/certificates.h"
#include "cluster/base/pki/certificate.h"

namespace qd::apiserver {
namespace {

class CertificateSubjectRestriction final : public AdmissionPlugin {
public:
    const char* name() const override { return "CertificateSubjectRestriction"; }
    Result<void> validate(const AdmissionRequest& request, const Reader&) const override {
        const auto* csr = request.operation == Operation::Create
                              ? itself<certificatesv1::CertificateSigningRequest>(request)
                              : nullptr;
        if (!csr || csr->spec.signerName != certificatesv1::KubeAPIServerClientSignerName) return {};
        const auto parsed = pki::SigningRequest::parse(csr->spec.request.data);
        if (!parsed) return fail(forbidden(request, "failed to parse CSR: " + parsed.error().message));
        const auto& groups = parsed->subject.organizations;
        if (std::find(groups.begin(), groups.end(), kMastersGroup) == groups.end()) return {};
        return fail(forbidden(request, fmt::format("use of {} signer with {} group is not allowed",
                                                   certificatesv1::KubeAPIServerClientSignerName, kMastersGroup)));
    }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> certificateSubjectRestriction() {
    return std::make_unique<CertificateSubjectRestriction>();
}

}  // namespace qd::apiserver
