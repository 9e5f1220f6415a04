// The scale subresource of workloads: autoscaling/v1 Scale over spec.replicas.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and k8s.io/api autoscaling/v1.
#pragma once

#include "cluster/apiserver/api_server.h"

namespace qd::apiserver {

class ScaleHandler final : public SubresourceHandler {
public:
    explicit ScaleHandler(ApiServer& server) : m_server(server) {}
    Response handle(const Exchange& exchange) override;

private:
    Response write(const Exchange& exchange);
    Result<Written> change(const Exchange& exchange);
    Result<Written> apply(const Exchange& exchange, const PatchRequest& request, const std::string& manager);

    ApiServer& m_server;
};

}  // namespace qd::apiserver
