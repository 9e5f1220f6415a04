// ComponentStatuses, long deprecated but still asked for (`kubectl get componentstatuses`): whether the parts of the
// control plane work.
#pragma once

#include "cluster/apiserver/health.h"
#include "cluster/apiserver/subresources/computed.h"

namespace qd::apiserver {

class ComponentStatusesHandler final : public ComputedHandler {
public:
    // parts: under the names that upstream gives them. Asked on the thread of the request.
    ComponentStatusesHandler(ApiServer& server, std::vector<HealthCheck> parts);

private:
    std::vector<api::ObjectPtr> objects(const Exchange& exchange) const override;
    Error notThere(const Exchange& exchange) const override;

    const std::vector<HealthCheck> m_parts;
};

}  // namespace qd::apiserver
