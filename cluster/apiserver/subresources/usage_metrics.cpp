#include "cluster/apiserver/subresources/usage_metrics.h"

#include <fmt/format.h>

namespace qd::apiserver {

UsageMetricsHandler::UsageMetricsHandler(ApiServer& server, std::shared_ptr<const api::UsageSource> usage)
    : ComputedHandler(server), m_usage(std::move(usage)) {}

std::vector<api::ObjectPtr> UsageMetricsHandler::objects(const Exchange& exchange) const {
    std::vector<api::ObjectPtr> measured;
    if (exchange.kind->namespaced) {
        for (auto& pod : m_usage->pods(exchange.info.namespace_)) measured.push_back(std::move(pod));
    } else {
        for (auto& node : m_usage->nodes()) measured.push_back(std::move(node));
    }
    return measured;
}

Error UsageMetricsHandler::notThere(const Exchange& exchange) const {
    const std::string& name = exchange.info.parts[1];
    const std::string shown = exchange.kind->namespaced ? exchange.info.namespace_ + "/" + name : name;
    Error error{Reason::NotFound, fmt::format("{}metrics.metrics.k8s.io \"{}\" not found",
                                              exchange.kind->namespaced ? "pod" : "node", shown)};
    error.details =
        base::ErrorDetails{.name = shown, .group = "metrics.k8s.io", .kind = exchange.kind->plural, .uid = {}};
    return error;
}

}  // namespace qd::apiserver
