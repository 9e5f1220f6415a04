// SubjectAccessReview and its kin: asks the authoriser a question and answers it; nothing is stored.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access.
#pragma once

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/auth/rbac.h"

namespace qd::apiserver {

// SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview.
class AccessReviewHandler final : public SubresourceHandler {
public:
    explicit AccessReviewHandler(ApiServer& server) : m_server(server) {}
    Response handle(const Exchange& exchange) override;

private:
    ApiServer& m_server;
};

// SelfSubjectRulesReview: what may I do in this namespace? The authoriser of nodes cannot list its rules.
class RulesReviewHandler final : public SubresourceHandler {
public:
    // Both outlive it.
    RulesReviewHandler(ApiServer& server, const RbacAuthorizer& rbac) : m_server(server), m_rbac(rbac) {}
    Response handle(const Exchange& exchange) override;

private:
    ApiServer& m_server;
    const RbacAuthorizer& m_rbac;
};

}  // namespace qd::apiserver
