#include "vmnodes/agent/access/signing_request.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "vmnodes/agent/access/client_certificate.h"

namespace qd::agent {
namespace {

using certificatesv1::CertificateSigningRequest;

constexpr std::size_t kDigestBytes = 20;  // in a name: as good as no two are the same

const certificatesv1::CertificateSigningRequestCondition* conditionOf(const CertificateSigningRequest& request,
                                                                      std::string_view type) {
    const auto found = std::ranges::find(request.status.conditions, type,
                                         &certificatesv1::CertificateSigningRequestCondition::type);
    return found == request.status.conditions.end() ? nullptr : &*found;
}

}  // namespace

Result<CertificateSigningRequest> nodeClientRequest(const std::string& nodeName, const pki::PrivateKey& key,
                                                    std::optional<std::int32_t> life) {
    auto pem = pki::makeSigningRequest(nodeSubject(nodeName), key);
    if (!pem) return fail(pem.error().within("the request for a client certificate"));
    CertificateSigningRequest request;
    request.metadata.generateName = "csr-";
    request.spec.request.data = std::move(*pem);
    request.spec.signerName = certificatesv1::KubeAPIServerClientKubeletSignerName;
    request.spec.usages = {certificatesv1::UsageDigitalSignature, certificatesv1::UsageClientAuth};
    request.spec.expirationSeconds = life;
    return request;
}

Result<std::string> requestName(const std::string& nodeName, const pki::PrivateKey& key) {
    const auto der = key.publicKey().der();
    if (!der) return fail(der.error().within("the request for a client certificate"));
    // The lengths are known or the text is last: no two inputs are spelled in the same way.
    const std::string text = *der + nodeUser(nodeName);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr) != 1)
        return fail(Reason::InternalError, "the digest of a key cannot be made");
    std::string name = "node-csr-";
    for (std::size_t i = 0; i < kDigestBytes; ++i) name += fmt::format("{:02x}", digest[i]);
    return name;
}

bool asksForTheSame(const CertificateSigningRequest& found, const CertificateSigningRequest& wanted) {
    if (found.spec.signerName != wanted.spec.signerName) return false;
    const auto a = pki::SigningRequest::parse(found.spec.request.data);
    const auto b = pki::SigningRequest::parse(wanted.spec.request.data);
    if (!a || !b || a->subject != b->subject) return false;
    const auto first = a->key.der(), second = b->key.der();
    return first && second && *first == *second;
}

Result<std::optional<std::string>> issuedCertificate(const CertificateSigningRequest& request) {
    const auto says = [&](const char* what, const certificatesv1::CertificateSigningRequestCondition& condition) {
        return fmt::format("certificate signing request {} is {}: {}: {}", request.metadata.name, what,
                           condition.reason, condition.message);
    };
    if (const auto* denied = conditionOf(request, certificatesv1::CertificateDenied))
        return fail(Reason::Forbidden, says("denied", *denied));
    if (const auto* failed = conditionOf(request, certificatesv1::CertificateFailed))
        return fail(Reason::Invalid, says("not signed", *failed));
    const bool approved = conditionOf(request, certificatesv1::CertificateApproved) != nullptr;
    if (!approved || request.status.certificate.empty()) return std::optional<std::string>();
    return std::optional(request.status.certificate.data);
}

}  // namespace qd::agent
