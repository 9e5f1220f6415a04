// Signs approved CertificateSigningRequests with the cluster's authority, for the signers kubernetes.io/kube-apiserver-client,
// …-client-kubelet, kubelet-serving and legacy-unknown. A request that its signer does not take fails for good.
#pragma once

#include <memory>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/base/pki/certificate.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class CsrSigningController final : public Controller {
public:
    // longest: the life of a certificate whose request asks for none, and the most that one can ask for.
    CsrSigningController(Context& context, std::shared_ptr<const pki::Authority> authority, base::Duration longest);
    Result<Outcome> sync(const std::string& key) override;

private:
    Context& m_context;
    const std::shared_ptr<const pki::Authority> m_authority;
    const base::Duration m_longest;
    client::Informer& m_requests;
};

}  // namespace qd::controllers
