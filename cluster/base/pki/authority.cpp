#include <algorithm>

#include "cluster/base/pki/certificate.h"
#include "cluster/base/pki/draft.h"
#include "cluster/base/pki/names.h"
#include "cluster/base/pki/openssl.h"

namespace qd::pki {

namespace {

std::string keyUsageText(Usages usages) {
    std::string text = "critical";
    if (usages.digitalSignature) text += ",digitalSignature";
    if (usages.keyEncipherment) text += ",keyEncipherment";
    return text;
}

std::string extendedUsageText(Usages usages) {
    std::string text;
    if (usages.serverAuth) text += "serverAuth";
    if (usages.clientAuth) text += text.empty() ? "clientAuth" : ",clientAuth";
    return text;
}

Result<OwnedX509> begin(const Subject& subject, EVP_PKEY* key, Validity validity) {
    const auto name = nameOf(subject);
    if (!name) return fail(name.error());
    auto certificate = beginCertificate(key, validity);
    if (certificate && X509_set_subject_name(certificate->get(), name->get()) != 1) {
        return opensslFailure(Reason::InternalError, "make a certificate");
    }
    return certificate;
}

}  // namespace

Result<Authority> Authority::create(const std::string& commonName, Validity validity) {
    auto key = PrivateKey::generate();
    if (!key) return fail(key.error());
    auto draft = begin({.commonName = commonName}, key->get(), validity);
    if (!draft) return fail(draft.error());
    X509* certificate = draft->get();
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const bool good = X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
                      addExtension(certificate, context, NID_basic_constraints, "critical,CA:TRUE") &&
                      addExtension(certificate, context, NID_key_usage,
                                   "critical,digitalSignature,keyEncipherment,keyCertSign,cRLSign") &&
                      addExtension(certificate, context, NID_subject_key_identifier, "hash");
    if (!good) return opensslFailure(Reason::InternalError, "make an authority's certificate");
    auto finished = finishCertificate(std::move(*draft), *key);
    if (!finished) return fail(finished.error());
    return Authority(std::move(*finished), std::move(*key));
}

Result<Authority> Authority::load(std::string_view certificatePem, std::string_view keyPem) {
    auto certificate = Certificate::parse(certificatePem);
    if (!certificate) return fail(certificate.error());
    auto key = PrivateKey::parse(keyPem);
    if (!key) return fail(key.error());
    if (!certificate->isAuthority()) return fail(Reason::BadRequest, "the certificate is not an authority's");
    if (!certificate->matches(*key)) return fail(Reason::BadRequest, "the key is not the certificate's");
    return Authority(std::move(*certificate), std::move(*key));
}

Result<Certificate> Authority::sign(const Subject& subject, const PublicKey& key, Usages usages,
                                    Validity validity) const {
    validity.notAfter = std::min(validity.notAfter, m_certificate.notAfter());
    if (validity.notAfter <= validity.notBefore) return fail(Reason::Invalid, "the certificate would never be valid");
    auto draft = begin(subject, key.get(), validity);
    if (!draft) return fail(draft.error());
    const auto alternative = alternativeNamesOf(subject);
    if (!alternative) return fail(alternative.error());
    X509* certificate = draft->get();
    X509V3_CTX context;
    X509V3_set_ctx(&context, m_certificate.get(), certificate, nullptr, nullptr, 0);
    bool good = X509_set_issuer_name(certificate, X509_get_subject_name(m_certificate.get())) == 1 &&
                addExtension(certificate, context, NID_basic_constraints, "critical,CA:FALSE") &&
                addExtension(certificate, context, NID_key_usage, keyUsageText(usages)) &&
                addExtension(certificate, context, NID_authority_key_identifier, "keyid");
    if (const std::string extended = extendedUsageText(usages); !extended.empty()) {
        good = good && addExtension(certificate, context, NID_ext_key_usage, extended);
    }
    if (*alternative) {
        good = good && X509_add1_ext_i2d(certificate, NID_subject_alt_name, alternative->get(), 0, 0) == 1;
    }
    if (!good) return opensslFailure(Reason::InternalError, "make a certificate");
    return finishCertificate(std::move(*draft), m_key);
}

Result<Identity> Authority::issue(const Subject& subject, Usages usages, Validity validity) const {
    const auto key = PrivateKey::generate();
    if (!key) return fail(key.error());
    const auto certificate = sign(subject, key->publicKey(), usages, validity);
    if (!certificate) return fail(certificate.error());
    auto keyPem = key->pem();
    if (!keyPem) return fail(keyPem.error());
    return Identity{certificate->pem(), std::move(*keyPem)};
}

Result<Identity> Authority::issueServer(const Subject& subject, Validity validity) const {
    return issue(subject, {.keyEncipherment = true, .serverAuth = true}, validity);
}

Result<Identity> Authority::issueClient(const Subject& subject, Validity validity) const {
    return issue(subject, {.keyEncipherment = true, .clientAuth = true}, validity);
}

}  // namespace qd::pki
