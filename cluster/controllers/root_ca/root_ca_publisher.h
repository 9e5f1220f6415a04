// Keeps the ConfigMap kube-root-ca.crt in every active namespace: what Pods verify the API server with.
#pragma once

#include <string>

#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class RootCaPublisher final : public Controller {
public:
    // rootCa: PEM.
    RootCaPublisher(Context& context, std::string rootCa);
    Result<Outcome> sync(const std::string& key) override;

private:
    Context& m_context;
    const std::string m_rootCa;
    client::Informer& m_namespaces;
    client::Informer& m_configMaps;
};

}  // namespace qd::controllers
