// metrics.k8s.io: what nodes and Pods use, out of measurements instead of the store.
#pragma once

#include <memory>

#include "cluster/api/usage_source.h"
#include "cluster/apiserver/subresources/computed.h"

namespace qd::apiserver {

class UsageMetricsHandler final : public ComputedHandler {
public:
    UsageMetricsHandler(ApiServer& server, std::shared_ptr<const api::UsageSource> usage);

private:
    std::vector<api::ObjectPtr> objects(const Exchange& exchange) const override;
    Error notThere(const Exchange& exchange) const override;

    std::shared_ptr<const api::UsageSource> m_usage;
};

}  // namespace qd::apiserver
