// pods/eviction: deletes a Pod when its PodDisruptionBudget allows it.
// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/.
#pragma once

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/policy_v1.h"
#include "cluster/apiserver/api_server.h"

namespace qd::apiserver {

// TooManyRequests when the budget does not allow it now. Only running Pods are held back by a budget.
Result<Removed> evictPod(Verbs& verbs, const Caller& caller, const std::string& ns, const std::string& name,
                         const DeleteOptions& options);

class EvictionHandler final : public SubresourceHandler {
public:
    explicit EvictionHandler(ApiServer& server) : m_server(server) {}
    Response handle(const Exchange& exchange) override;

private:
    ApiServer& m_server;
};

}  // namespace qd::apiserver
