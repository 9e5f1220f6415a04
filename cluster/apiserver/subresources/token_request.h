// serviceaccounts/token: issues tokens that are good for some audiences, some time, and as long as a Pod, Node or Secret is
// there. Source: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/.
#pragma once

#include "cluster/api/types/authentication_v1.h"
#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/auth/service_account_tokens.h"

namespace qd::apiserver {

class TokenRequestHandler final : public SubresourceHandler {
public:
    // audiences: the API server's own, those of a request that names none. All outlive it.
    TokenRequestHandler(ApiServer& server, const ServiceAccountIssuer& issuer, std::vector<std::string> audiences)
        : m_server(server), m_issuer(issuer), m_audiences(std::move(audiences)) {}
    Response handle(const Exchange& exchange) override;

private:
    // Fills in what the request leaves open and refuses what cannot be.
    Result<TokenClaims> claimsFor(const Exchange& exchange, authenticationv1::TokenRequest& request) const;
    Result<void> bind(const Exchange& exchange, const authenticationv1::BoundObjectReference& wanted, TokenClaims& claims) const;
    AdmissionRequest admissionOf(const Exchange& exchange, authenticationv1::TokenRequest& request) const;
    Result<void> mutate(const Exchange& exchange, authenticationv1::TokenRequest& request) const;
    Result<void> validate(const Exchange& exchange, authenticationv1::TokenRequest& request) const;
    // The life of the token, which may be longer than asked for.
    void settleLife(const authenticationv1::TokenRequest& request, TokenClaims& claims) const;

    ApiServer& m_server;
    const ServiceAccountIssuer& m_issuer;
    std::vector<std::string> m_audiences;
};

}  // namespace qd::apiserver
