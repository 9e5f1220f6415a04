#include "cluster/base/pki/certificate.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <ctime>

#include "cluster/base/pki/names.h"
#include "cluster/base/pki/openssl.h"

namespace qd::pki {

namespace {

base::WallTime timeOf(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return base::WallTime(std::chrono::seconds(timegm(&parts)));
}

}  // namespace

Result<PublicKey> PublicKey::parse(std::string_view pem) {
    EVP_PKEY* key = PEM_read_bio_PUBKEY(readingBio(pem).get(), nullptr, nullptr, nullptr);
    if (key == nullptr) return opensslFailure(Reason::BadRequest, "not a PEM public key");
    return PublicKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

Result<std::string> PublicKey::pem() const {
    const OwnedBio bio = writingBio();
    if (PEM_write_bio_PUBKEY(bio.get(), get()) != 1) return opensslFailure(Reason::InternalError, "write public key");
    return contents(bio);
}

Result<std::string> PublicKey::der() const {
    const OwnedBio bio = writingBio();
    if (i2d_PUBKEY_bio(bio.get(), get()) != 1) return opensslFailure(Reason::InternalError, "write public key");
    return contents(bio);
}

Result<PrivateKey> PrivateKey::generate() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    if (key == nullptr) return opensslFailure(Reason::InternalError, "generate a P-256 key");
    return PrivateKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

Result<PrivateKey> PrivateKey::parse(std::string_view pem) {
    // An encrypted key fails at once instead of asking the terminal for its password.
    const auto noPassword = [](char*, int, int, void*) { return -1; };
    EVP_PKEY* key = PEM_read_bio_PrivateKey(readingBio(pem).get(), nullptr, noPassword, nullptr);
    if (key == nullptr) return opensslFailure(Reason::BadRequest, "not a PEM private key");
    return PrivateKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

Result<std::string> PrivateKey::pem() const {
    const OwnedBio bio = writingBio();
    if (PEM_write_bio_PKCS8PrivateKey(bio.get(), get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        return opensslFailure(Reason::InternalError, "write private key");
    }
    return contents(bio);
}

Result<Certificate> Certificate::parse(std::string_view pem) {
    auto all = parseAll(pem);
    if (!all) return fail(all.error());
    return all->front();
}

Result<std::vector<Certificate>> Certificate::parseAll(std::string_view pem) {
    std::vector<Certificate> certificates;
    const OwnedBio bio = readingBio(pem);
    while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
        certificates.emplace_back(std::shared_ptr<X509>(certificate, X509_free));
    }
    // The end of the text is reported as "no start line"; anything else is a certificate that cannot be read.
    const bool broken = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
    if (broken || certificates.empty()) return opensslFailure(Reason::BadRequest, "not a PEM certificate");
    ERR_clear_error();
    return certificates;
}

std::string Certificate::pem() const {
    const OwnedBio bio = writingBio();
    PEM_write_bio_X509(bio.get(), get());
    return contents(bio);
}

Subject Certificate::subject() const {
    Subject subject = subjectOf(X509_get_subject_name(get()));
    const OwnedNames names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(get(), NID_subject_alt_name, nullptr, nullptr)));
    if (names) readAlternativeNames(names.get(), subject, nullptr, nullptr);
    return subject;
}

bool Certificate::isAuthority() const {
    return X509_check_ca(get()) == 1;
}
base::WallTime Certificate::notBefore() const {
    return timeOf(X509_get0_notBefore(get()));
}
base::WallTime Certificate::notAfter() const {
    return timeOf(X509_get0_notAfter(get()));
}

std::string Certificate::sha256() const {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(get(), EVP_sha256(), digest, &size) != 1) return {};
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < size; ++i) text += {kDigits[digest[i] >> 4], kDigits[digest[i] & 15]};
    return text;
}

bool Certificate::matches(const PrivateKey& key) const {
    const bool equal = X509_check_private_key(get(), key.get()) == 1;
    ERR_clear_error();
    return equal;
}

bool Certificate::signedBy(const Certificate& authority) const {
    const bool good = X509_check_issued(authority.get(), get()) == X509_V_OK &&
                      X509_verify(get(), X509_get0_pubkey(authority.get())) == 1;
    ERR_clear_error();
    return good;
}

bool needsRenewal(const Certificate& certificate, base::WallTime now) {
    const base::WallTime begin = certificate.notBefore();
    const base::WallTime end = certificate.notAfter();
    return now < begin || now >= end - (end - begin) / 5;
}

Result<SigningRequest> SigningRequest::parse(std::string_view pem) {
    const OwnedRequest request(PEM_read_bio_X509_REQ(readingBio(pem).get(), nullptr, nullptr, nullptr));
    if (!request) return opensslFailure(Reason::BadRequest, "not a PEM certificate request");
    EVP_PKEY* key = X509_REQ_get_pubkey(request.get());
    if (key == nullptr) return opensslFailure(Reason::BadRequest, "certificate request without a usable key");
    SigningRequest parsed{.subject = subjectOf(X509_REQ_get_subject_name(request.get())),
                          .key = PublicKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free)),
                          .emailAddresses = {},
                          .uris = {}};
    if (X509_REQ_verify(request.get(), key) != 1) {
        return opensslFailure(Reason::BadRequest, "certificate request is not signed by its own key");
    }
    using OwnedExtensions = std::unique_ptr<STACK_OF(X509_EXTENSION), void (*)(STACK_OF(X509_EXTENSION)*)>;
    const OwnedExtensions extensions(X509_REQ_get_extensions(request.get()), [](STACK_OF(X509_EXTENSION) * list) {
        sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    });
    const OwnedNames names(
        static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
    if (names) readAlternativeNames(names.get(), parsed.subject, &parsed.emailAddresses, &parsed.uris);
    return parsed;
}

Result<std::string> makeSigningRequest(const Subject& subject, const PrivateKey& key) {
    const OwnedRequest request(X509_REQ_new());
    const auto name = nameOf(subject);
    const auto alternative = alternativeNamesOf(subject);
    if (!name) return fail(name.error());
    if (!alternative) return fail(alternative.error());
    bool good = X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
                X509_REQ_set_subject_name(request.get(), name->get()) == 1 &&
                X509_REQ_set_pubkey(request.get(), key.get()) == 1;
    if (good && *alternative) {
        STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
        X509_EXTENSION* extension = X509V3_EXT_i2d(NID_subject_alt_name, 0, alternative->get());
        good = extension != nullptr && sk_X509_EXTENSION_push(extensions, extension) > 0 &&
               X509_REQ_add_extensions(request.get(), extensions) == 1;
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    }
    const OwnedBio bio = writingBio();
    good = good && X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0 &&
           PEM_write_bio_X509_REQ(bio.get(), request.get()) == 1;
    if (!good) return opensslFailure(Reason::InternalError, "make a certificate request");
    return contents(bio);
}

}  // namespace qd::pki
