// metrics.k8s.io: what nodes and Pods use, out of measurements instead of the store.
#pragma once

#include <memory>

#include "cluster/api/usage_source.h"
#include "cluster/apiserver/api_server.h"
#include "cluster/store/api_codec.h"
#include "cluster/store/entry.h"

namespace qd::apiserver {

class UsageMetricsHandler final : public SubresourceHandler {
public:
    UsageMetricsHandler(ApiServer& server, std::shared_ptr<const api::UsageSource> usage);
    Response handle(const Exchange& exchange) override;

private:
    std::vector<api::ObjectPtr> measured(const Exchange& exchange) const;
    Response get(const Exchange& exchange, const Wanted& wanted) const;
    Response list(const Exchange& exchange, const Wanted& wanted) const;

    ApiServer& m_server;
    std::shared_ptr<const api::UsageSource> m_usage;
    store::ApiCodec m_codec;
    std::shared_ptr<store::EntryContext> m_entries;
};

}  // namespace qd::apiserver
