#include "cluster/base/pki/request_signing.h"

#include <openssl/pem.h>

#include <algorithm>
#include <map>
#include <set>

#include "cluster/base/pki/draft.h"

namespace qd::pki {

namespace {

using Names = std::map<std::string_view, std::string_view>;

// OpenSSL's words for the bits of the key usage extension.
const Names kKeyUsages = {{"signing", "digitalSignature"},       {"digital signature", "digitalSignature"},
                          {"content commitment", "nonRepudiation"}, {"key encipherment", "keyEncipherment"},
                          {"key agreement", "keyAgreement"},     {"data encipherment", "dataEncipherment"},
                          {"cert sign", "keyCertSign"},          {"crl sign", "cRLSign"},
                          {"encipher only", "encipherOnly"},     {"decipher only", "decipherOnly"}};
// And for those of the extended one.
const Names kExtendedUsages = {{"any", "anyExtendedKeyUsage"},   {"server auth", "serverAuth"},
                               {"client auth", "clientAuth"},    {"code signing", "codeSigning"},
                               {"email protection", "emailProtection"}, {"s/mime", "emailProtection"},
                               {"ipsec end system", "ipsecEndSystem"},  {"ipsec tunnel", "ipsecTunnel"},
                               {"ipsec user", "ipsecUser"},      {"timestamping", "timeStamping"},
                               {"ocsp signing", "OCSPSigning"},  {"microsoft sgc", "msSGC"},
                               {"netscape sgc", "nsSGC"}};

struct UsageTexts {
    std::string key;       // empty: no such extension
    std::string extended;  // the same
};

std::string joined(const std::set<std::string_view>& words, std::string text) {
    for (const std::string_view word : words) {
        if (!text.empty()) text += ',';
        text += word;
    }
    return text;
}

Result<UsageTexts> textsOf(const std::vector<std::string>& usages) {
    std::set<std::string_view> key;
    std::set<std::string_view> extended;
    std::string unknown;
    for (const std::string& usage : usages) {
        if (const auto found = kKeyUsages.find(usage); found != kKeyUsages.end()) {
            key.insert(found->second);
        } else if (const auto other = kExtendedUsages.find(usage); other != kExtendedUsages.end()) {
            extended.insert(other->second);
        } else {
            unknown += (unknown.empty() ? "\"" : " \"") + usage + "\"";
        }
    }
    if (!unknown.empty()) return fail(Reason::Invalid, "unrecognized usage values: [" + unknown + "]");
    return UsageTexts{key.empty() ? "" : joined(key, "critical"), joined(extended, "")};
}

struct Requested {
    OwnedRequest request;
    OwnedNames names;  // null: none
};

Result<Requested> read(std::string_view pem) {
    Requested read;
    read.request.reset(PEM_read_bio_X509_REQ(readingBio(pem).get(), nullptr, nullptr, nullptr));
    if (!read.request) return opensslFailure(Reason::BadRequest, "not a PEM certificate request");
    EVP_PKEY* key = X509_REQ_get0_pubkey(read.request.get());
    if (key == nullptr || X509_REQ_verify(read.request.get(), key) != 1) {
        return opensslFailure(Reason::BadRequest, "certificate request is not signed by its own key");
    }
    STACK_OF(X509_EXTENSION)* extensions = X509_REQ_get_extensions(read.request.get());
    read.names.reset(
        static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr)));
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    ERR_clear_error();
    return read;
}

}  // namespace

Result<Certificate> signRequest(const Authority& authority, std::string_view requestPem,
                                const std::vector<std::string>& usages, Validity validity) {
    const auto texts = textsOf(usages);
    if (!texts) return fail(texts.error());
    const auto requested = read(requestPem);
    if (!requested) return fail(requested.error());
    const Certificate& issuer = authority.certificate();
    validity.notAfter = std::min(validity.notAfter, issuer.notAfter());
    if (validity.notAfter <= validity.notBefore) return fail(Reason::Invalid, "the certificate would never be valid");
    auto draft = beginCertificate(X509_REQ_get0_pubkey(requested->request.get()), validity);
    if (!draft) return fail(draft.error());

    X509* certificate = draft->get();
    X509_NAME* name = X509_REQ_get_subject_name(requested->request.get());
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer.get(), certificate, nullptr, nullptr, 0);
    bool good = X509_set_subject_name(certificate, name) == 1 &&
                X509_set_issuer_name(certificate, X509_get_subject_name(issuer.get())) == 1;
    if (!texts->key.empty()) good = good && addExtension(certificate, context, NID_key_usage, texts->key);
    if (!texts->extended.empty()) good = good && addExtension(certificate, context, NID_ext_key_usage, texts->extended);
    good = good && addExtension(certificate, context, NID_basic_constraints, "critical,CA:FALSE") &&
           addExtension(certificate, context, NID_authority_key_identifier, "keyid");
    if (requested->names) {
        // RFC 5280 section 4.2.1.6: critical where it is the only name.
        const int critical = X509_NAME_entry_count(name) == 0 ? 1 : 0;
        good = good && X509_add1_ext_i2d(certificate, NID_subject_alt_name, requested->names.get(), critical, 0) == 1;
    }
    if (!good) return opensslFailure(Reason::InternalError, "make a certificate");
    return finishCertificate(std::move(*draft), authority.key());
}

}  // namespace qd::pki
