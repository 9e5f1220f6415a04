#include "cluster/apiserver/subresources/usage_metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/apiserver/handlers/selection.h"
#include "cluster/apiserver/options.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver {
namespace {

constexpr std::size_t kEncodings = 1024 * 1024;

bool comesBefore(const api::ObjectPtr& a, const api::ObjectPtr& b) {
    return std::tie(a->metadata.namespace_, a->metadata.name) < std::tie(b->metadata.namespace_, b->metadata.name);
}

Error notMeasured(const Exchange& exchange) {
    const std::string& name = exchange.info.parts[1];
    const std::string shown = exchange.kind->namespaced ? exchange.info.namespace_ + "/" + name : name;
    Error error{Reason::NotFound, fmt::format("{}metrics.metrics.k8s.io \"{}\" not found",
                                              exchange.kind->namespaced ? "pod" : "node", shown)};
    error.details =
        base::ErrorDetails{.name = shown, .group = "metrics.k8s.io", .kind = exchange.kind->plural, .uid = {}};
    return error;
}

}  // namespace

UsageMetricsHandler::UsageMetricsHandler(ApiServer& server, std::shared_ptr<const api::UsageSource> usage)
    : m_server(server),
      m_usage(std::move(usage)),
      m_entries(std::make_shared<store::EntryContext>(m_codec, kEncodings)) {}

std::vector<api::ObjectPtr> UsageMetricsHandler::measured(const Exchange& exchange) const {
    std::vector<api::ObjectPtr> objects;
    if (exchange.kind->namespaced) {
        for (auto& pod : m_usage->pods(exchange.info.namespace_)) objects.push_back(std::move(pod));
    } else {
        for (auto& node : m_usage->nodes()) objects.push_back(std::move(node));
    }
    std::ranges::sort(objects, comesBefore);
    return objects;
}

Response UsageMetricsHandler::get(const Exchange& exchange, const Wanted& wanted) const {
    const auto objects = measured(exchange);
    const auto found =
        std::ranges::find_if(objects, [&](const auto& one) { return one->metadata.name == exchange.info.parts[1]; });
    if (found == objects.end()) return errorResponse(notMeasured(exchange));
    Response response;
    response.headers = {{"Content-Type", std::string(wanted.contentType())}};
    response.body = encodeObject(*exchange.kind, *found, wanted, m_server.executor().clock().now());
    return response;
}

Response UsageMetricsHandler::list(const Exchange& exchange, const Wanted& wanted) const {
    const auto parameters = parseListParameters(exchange.request);
    if (!parameters) return errorResponse(parameters.error());
    const auto selection = Selection::parse(*exchange.kind, parameters->labelSelector, parameters->fieldSelector);
    if (!selection) return errorResponse(selection.error());
    std::vector<store::EntryPtr> entries;
    for (auto& object : measured(exchange)) {
        if (!selection->matches(*object)) continue;
        store::Entry::Origin origin{.key = {exchange.kind->plural, object->metadata.namespace_, object->metadata.name}};
        entries.push_back(
            std::make_shared<store::Entry>(m_entries, std::move(origin), std::move(object), std::string_view()));
    }
    Response response;
    response.headers = {{"Content-Type", std::string(wanted.contentType())}};
    response.body = encodeList(*exchange.kind, entries, {}, wanted, m_server.executor().clock().now());
    return response;
}

Response UsageMetricsHandler::handle(const Exchange& exchange) {
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    return exchange.info.verb == "get" ? get(exchange, *wanted) : list(exchange, *wanted);
}

}  // namespace qd::apiserver
