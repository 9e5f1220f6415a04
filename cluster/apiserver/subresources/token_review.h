// TokenReview: whose token is this, and for which audiences is it good? SelfSubjectReview: who am I?
// Source: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/.
#pragma once

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/auth/bearer_tokens.h"

namespace qd::apiserver {

class TokenReviewHandler final : public SubresourceHandler {
public:
    // Both outlive it.
    TokenReviewHandler(ApiServer& server, const BearerAuthenticator& tokens) : m_server(server), m_tokens(tokens) {}
    Response handle(const Exchange& exchange) override;

private:
    ApiServer& m_server;
    const BearerAuthenticator& m_tokens;
};

class SelfSubjectReviewHandler final : public SubresourceHandler {
public:
    explicit SelfSubjectReviewHandler(ApiServer& server) : m_server(server) {}
    Response handle(const Exchange& exchange) override;

private:
    ApiServer& m_server;
};

}  // namespace qd::apiserver
