// insight.quarterdeck.dev/v1 PodPlacement, out of the scheduler's memory (cluster/api/kinds/insight/pod_placement.cpp
// says what is in it).
#pragma once

#include <memory>

#include "cluster/api/custom_object.h"
#include "cluster/apiserver/api_server.h"
#include "cluster/scheduler/placement_log.h"
#include "cluster/store/api_codec.h"
#include "cluster/store/entry.h"

namespace qd::control_plane {

api::CustomObject podPlacement(const std::string& ns, const std::string& pod, const scheduler::Attempt& attempt);

class PodPlacementsHandler final : public apiserver::SubresourceHandler {
public:
    PodPlacementsHandler(apiserver::ApiServer& server, std::shared_ptr<const scheduler::PlacementLog> log);
    apiserver::Response handle(const apiserver::Exchange& exchange) override;

private:
    // Null when nothing is known of it.
    api::ObjectPtr find(const std::string& ns, const std::string& pod) const;
    apiserver::Response get(const apiserver::Exchange& exchange, const apiserver::Wanted& wanted) const;
    apiserver::Response list(const apiserver::Exchange& exchange, const apiserver::Wanted& wanted) const;

    apiserver::ApiServer& m_server;
    std::shared_ptr<const scheduler::PlacementLog> m_log;
    store::ApiCodec m_codec;
    std::shared_ptr<store::EntryContext> m_entries;
};

}  // namespace qd::control_plane
