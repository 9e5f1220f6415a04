// Signs the ConfigMap cluster-info of kube-public with every bootstrap token that is meant for it, so that a machine that knows
// a token can tell whether what it read there comes from the cluster.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/#configmap-signing.
#pragma once

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class BootstrapSignerController final : public Controller {
public:
    explicit BootstrapSignerController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    Context& m_context;
    client::Informer& m_configMaps;
    client::Informer& m_secrets;
};

// The ConfigMap's data with a signature a token, and none besides. Pure.
api::Map<std::string> signedClusterInfo(const api::Map<std::string>& data, const std::vector<client::Ptr<corev1::Secret>>& secrets, base::WallTime now);

}  // namespace qd::controllers
