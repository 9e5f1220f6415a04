#include "cluster/apiserver/subresources/component_statuses.h"

#include <fmt/format.h>

#include "cluster/api/types/core_v1.h"

namespace qd::apiserver {

ComponentStatusesHandler::ComponentStatusesHandler(ApiServer& server, std::vector<HealthCheck> parts)
    : ComputedHandler(server), m_parts(std::move(parts)) {}

std::vector<api::ObjectPtr> ComponentStatusesHandler::objects(const Exchange&) const {
    std::vector<api::ObjectPtr> all;
    for (const HealthCheck& part : m_parts) {
        auto status = std::make_shared<corev1::ComponentStatus>();
        status->metadata.name = part.name;
        auto& condition = status->conditions.emplace_back();
        condition.type = "Healthy";
        const auto fine = part.check();
        condition.status = fine ? "True" : "False";
        if (fine) condition.message = "ok";
        if (!fine) condition.error = fine.error().message;
        all.push_back(std::move(status));
    }
    return all;
}

Error ComponentStatusesHandler::notThere(const Exchange& exchange) const {
    const std::string& name = exchange.info.parts[1];
    Error error{Reason::NotFound, fmt::format("componentstatus \"{}\" not found", name)};
    error.details = base::ErrorDetails{.name = name, .group = "", .kind = "componentstatus", .uid = {}};
    return error;
}

}  // namespace qd::apiserver
