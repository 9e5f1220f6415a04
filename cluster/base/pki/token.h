// Signed tokens (JWT, RFC 7519) for service accounts, and the key set document that lets others verify them.
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/pki/certificate.h"

namespace qd::pki {

std::string base64Encode(std::string_view data);
// Refuses everything that is not padded standard base64.
Result<std::string> base64Decode(std::string_view text);
std::string base64UrlEncode(std::string_view data);
Result<std::string> base64UrlDecode(std::string_view text);

// Signs with ES256 (P-256 keys) or RS256 (RSA keys); others are BadRequest.
class TokenSigner {
public:
    static Result<TokenSigner> create(PrivateKey key);
    // claims: the JSON object as text. Returns the compact form header.claims.signature.
    Result<std::string> sign(std::string_view claims) const;
    // The id in the tokens' header: base64url of SHA-256 of the public key's DER form, as kube-apiserver has it.
    const std::string& keyId() const { return m_keyId; }
    PublicKey publicKey() const { return m_key.publicKey(); }

private:
    TokenSigner(PrivateKey key, std::string keyId, std::string algorithm)
        : m_key(std::move(key)), m_keyId(std::move(keyId)), m_algorithm(std::move(algorithm)) {}

    PrivateKey m_key;
    std::string m_keyId;
    std::string m_algorithm;
};

// Thread-safe.
class TokenVerifier {
public:
    static Result<TokenVerifier> create(std::vector<PublicKey> keys);
    // The claims' JSON text when one of the keys signed the token, else Unauthorized. Issuer, audience and times are
    // the caller's to check.
    Result<std::string> verify(std::string_view token) const;
    // The document at /openid/v1/jwks.
    std::string keySetDocument() const;

private:
    struct Key {
        PublicKey key;
        std::string id;
        std::string algorithm;
        std::string document;
    };
    explicit TokenVerifier(std::vector<Key> keys) : m_keys(std::move(keys)) {}
    std::vector<Key> m_keys;
};

}  // namespace qd::pki
