// Tokens that stand in Secrets of the type kubernetes.io/service-account-token: good for ever, as long as the Secret and the
// account are there. https://kubernetes.io/docs/concepts/security/service-accounts/#authenticating-service-account-credentials
#pragma once

#include <string>

#include "cluster/apiserver/auth/service_account_tokens.h"

namespace qd::apiserver {

struct LegacyClaims {
    std::string namespace_;
    std::string secret;
    BoundObject account;
};
Result<std::string> issueLegacyToken(const ServiceAccountIssuer& issuer, const LegacyClaims& claims);

class LegacyTokens final : public TokenSource {
public:
    // audiences: the API server's own, for which all of these tokens are good. All outlive it.
    LegacyTokens(const ServiceAccountIssuer& issuer, const Reader& reader, std::vector<std::string> audiences)
        : m_issuer(issuer), m_reader(reader), m_audiences(std::move(audiences)) {}

    Result<std::optional<TokenIdentity>> identify(std::string_view token,
                                                  const std::vector<std::string>& audiences) const override;

private:
    Result<void> check(const LegacyClaims& claims, std::string_view token) const;

    const ServiceAccountIssuer& m_issuer;
    const Reader& m_reader;
    std::vector<std::string> m_audiences;
};

}  // namespace qd::apiserver
