#include "cluster/base/pki/draft.h"

#include <openssl/rand.h>

namespace qd::pki {

namespace {

// 128 random bits, positive: RFC 5280 section 4.1.2.2.
bool setSerial(X509* certificate) {
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);
    const Owned<BIGNUM, BN_free> number(BN_bin2bn(bytes, sizeof bytes, nullptr));
    return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool setTimes(X509* certificate, Validity validity) {
    const auto seconds = [](base::WallTime time) {
        return static_cast<time_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
    };
    return ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(validity.notBefore)) != nullptr &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(validity.notAfter)) != nullptr;
}

}  // namespace

Result<OwnedX509> beginCertificate(EVP_PKEY* key, Validity validity) {
    OwnedX509 certificate(X509_new());
    const bool good = X509_set_version(certificate.get(), X509_VERSION_3) == 1 && setSerial(certificate.get()) &&
                      setTimes(certificate.get(), validity) && X509_set_pubkey(certificate.get(), key) == 1;
    if (!good) return opensslFailure(Reason::InternalError, "make a certificate");
    return certificate;
}

bool addExtension(X509* certificate, X509V3_CTX& context, int nid, const std::string& value) {
    const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Result<Certificate> finishCertificate(OwnedX509 certificate, const PrivateKey& signer) {
    if (X509_sign(certificate.get(), signer.get(), EVP_sha256()) == 0) {
        return opensslFailure(Reason::InternalError, "sign a certificate");
    }
    return Certificate(std::shared_ptr<X509>(certificate.release(), X509_free));
}

}  // namespace qd::pki
