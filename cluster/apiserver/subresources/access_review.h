// SubjectAccessReview and SelfSubjectAccessReview: asks the authoriser a question and answers it; nothing is stored.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access.
#pragma once

#include "cluster/apiserver/api_server.h"

namespace qd::apiserver {

class AccessReviewHandler final : public SubresourceHandler {
public:
    // self: the user of the request is asked about, else the one that the review names.
    AccessReviewHandler(ApiServer& server, bool self) : m_server(server), m_self(self) {}
    Response handle(const Exchange& exchange) override;

private:
    ApiServer& m_server;
    bool m_self;
};

}  // namespace qd::apiserver
