// Puts tokens into Secrets of the type kubernetes.io/service-account-token, and removes those whose account is gone.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#token-controller.
#pragma once

#include <functional>
#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

// Signs the token of a Secret for an account.
using TokenMaker = std::function<Result<std::string>(const corev1::Secret& secret, const corev1::ServiceAccount& account)>;

class ServiceAccountTokenController final : public Controller {
public:
    ServiceAccountTokenController(Context& context, std::string rootCa, TokenMaker makeToken);
    Result<Outcome> sync(const std::string& key) override;

private:
    Result<Outcome> fill(const corev1::Secret& secret, const corev1::ServiceAccount& account);

    Context& m_context;
    const std::string m_rootCa;
    const TokenMaker m_makeToken;
    client::Informer& m_secrets;
    client::Informer& m_accounts;
};

}  // namespace qd::controllers
