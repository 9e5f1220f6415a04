// Tokens of service accounts: signed, for certain audiences, for a time, and only as long as the account, and the Pod,
// Node or Secret that they are bound to, are there.
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/apiserver/admission/admission.h"
#include "cluster/apiserver/auth/bearer_tokens.h"
#include "cluster/base/pki/token.h"
#include "cluster/base/time.h"

namespace qd::apiserver {

inline constexpr std::string_view kServiceAccountIssuer = "https://kubernetes.default.svc.cluster.local";
inline constexpr std::string_view kServiceAccountUserPrefix = "system:serviceaccount:";

struct BoundObject {
    std::string name;
    std::string uid;
};

struct TokenClaims {
    std::string namespace_;
    BoundObject account;
    std::optional<BoundObject> pod = {};
    std::optional<BoundObject> node = {};
    std::optional<BoundObject> secret = {};
    std::vector<std::string> audiences = {};
    std::string id = {};  // jti
    base::WallTime issued = {};
    std::int64_t lifeSeconds = 0;
    std::int64_t warnAfterSeconds = 0;  // 0: never
};

// Signs tokens and tells others how to verify them. Thread-safe.
class ServiceAccountIssuer {
public:
    static Result<ServiceAccountIssuer> create(const pki::PrivateKey& key);
    Result<std::string> issue(const TokenClaims& claims) const;
    // Signs claims that somebody else has put together.
    Result<std::string> sign(std::string_view claims) const { return m_signer.sign(claims); }
    // The claims' JSON text, if the signature is ours.
    Result<std::string> verify(std::string_view token) const { return m_verifier.verify(token); }
    // /openid/v1/jwks and /.well-known/openid-configuration. server: e.g. https://10.96.0.1:443.
    std::string keySetDocument() const { return m_verifier.keySetDocument(); }
    std::string discoveryDocument(const std::string& server) const;

private:
    ServiceAccountIssuer(pki::TokenSigner signer, pki::TokenVerifier verifier)
        : m_signer(std::move(signer)), m_verifier(std::move(verifier)) {}
    pki::TokenSigner m_signer;
    pki::TokenVerifier m_verifier;
};

class ServiceAccountTokens final : public TokenSource {
public:
    // All outlive it.
    ServiceAccountTokens(const ServiceAccountIssuer& issuer, const Reader& reader, const base::Clock& clock)
        : m_issuer(issuer), m_reader(reader), m_clock(clock) {}

    Result<std::optional<TokenIdentity>> identify(std::string_view token,
                                                  const std::vector<std::string>& audiences) const override;

private:
    Result<void> check(const TokenClaims& claims) const;
    // Whether an object of this name and uid is there and has not been deleted for longer than the leeway.
    Result<void> checkBound(const char* what, const std::string& groupResource, const std::string& ns,
                            const BoundObject& bound) const;

    const ServiceAccountIssuer& m_issuer;
    const Reader& m_reader;
    const base::Clock& m_clock;
};

// The groups of a service account's user.
std::vector<std::string> serviceAccountGroups(const std::string& ns);
// Namespace and name of `system:serviceaccount:NAMESPACE:NAME`.
std::optional<std::pair<std::string, std::string>> splitServiceAccountUser(std::string_view user);

}  // namespace qd::apiserver
