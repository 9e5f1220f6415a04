// Approves the requests of nodes' agents for client certificates: for those who may have one for any node (a bootstrap token's
// user), and for agents who renew their own. The authorizer decides, by the subresources nodeclient and selfnodeclient.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#approval.
#pragma once

#include "cluster/api/types/certificates_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class CsrApprovingController final : public Controller {
public:
    explicit CsrApprovingController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    Result<bool> mayCreate(const certificatesv1::CertificateSigningRequest& request, const std::string& subresource);
    Result<Outcome> approve(certificatesv1::CertificateSigningRequest request, const std::string& message);

    Context& m_context;
    client::Informer& m_requests;
};

}  // namespace qd::controllers
