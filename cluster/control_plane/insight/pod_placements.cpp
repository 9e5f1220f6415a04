#include "cluster/control_plane/insight/pod_placements.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <numeric>

#include "cluster/apiserver/handlers/selection.h"
#include "cluster/apiserver/options.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"

namespace qd::control_plane {
namespace {

namespace json = boost::json;
using apiserver::Response;

constexpr std::size_t kEncodings = 1024 * 1024;

json::object scored(const scheduler::ScoreSheet& sheet, std::size_t i) {
    json::array scores;
    for (const auto& each : sheet.scores.byPlugin)
        scores.push_back(json::object{{"plugin", each.plugin}, {"score", each.scores[i]}, {"weight", each.weight}});
    return {{"name", *sheet.nodes[i]}, {"score", sheet.scores.totals[i]}, {"scores", std::move(scores)}};
}

json::object refused(const scheduler::NodeVerdict& verdict) {
    json::array reasons;
    for (const auto& reason : verdict.status.reasons) reasons.push_back(json::string(*reason));
    return {{"name", *verdict.node}, {"plugin", verdict.status.plugin}, {"reasons", std::move(reasons)}};
}

// The best first, then those that turned it away.
json::array nodesOf(const scheduler::Attempt& attempt) {
    json::array nodes;
    if (attempt.scores) {
        std::vector<std::size_t> order(attempt.scores->nodes.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        const auto& totals = attempt.scores->scores.totals;
        std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return totals[a] > totals[b]; });
        for (const std::size_t i : order) nodes.push_back(scored(*attempt.scores, i));
    } else if (!attempt.node.empty()) {
        nodes.push_back(json::object{{"name", attempt.node}});
    }
    if (attempt.diagnosis) {
        for (const auto& verdict : attempt.diagnosis->nodes) nodes.push_back(refused(verdict));
    }
    return nodes;
}

void put(json::object& content, std::string_view name, const std::string& text) {
    if (!text.empty()) content[name] = text;
}

}  // namespace

api::CustomObject podPlacement(const std::string& ns, const std::string& pod, const scheduler::Attempt& attempt) {
    api::CustomObject placement("insight.quarterdeck.dev/v1", "PodPlacement");
    placement.metadata.namespace_ = ns;
    placement.metadata.name = pod;
    placement.metadata.uid = attempt.uid;
    placement.metadata.creationTimestamp = api::Time(attempt.when);
    auto& content = placement.content;
    put(content, "schedulerName", attempt.scheduler);
    content["attempts"] = attempt.attempts;
    content["time"] = api::Time(attempt.when).toString();
    put(content, "node", attempt.node);
    put(content, "nominatedNode", attempt.nominatedNode);
    put(content, "message", attempt.message);
    content["nodes"] = nodesOf(attempt);
    return placement;
}

PodPlacementsHandler::PodPlacementsHandler(apiserver::ApiServer& server,
                                           std::shared_ptr<const scheduler::PlacementLog> log)
    : m_server(server), m_log(std::move(log)), m_entries(std::make_shared<store::EntryContext>(m_codec, kEncodings)) {}

api::ObjectPtr PodPlacementsHandler::find(const std::string& ns, const std::string& pod) const {
    const auto attempt = m_log->find(ns, pod);
    return attempt ? std::make_shared<const api::CustomObject>(podPlacement(ns, pod, *attempt)) : nullptr;
}

Response PodPlacementsHandler::get(const apiserver::Exchange& exchange, const apiserver::Wanted& wanted) const {
    const std::string& name = exchange.info.parts[1];
    const auto object = find(exchange.info.namespace_, name);
    if (!object) {
        Error error{Reason::NotFound, fmt::format("podplacements.insight.quarterdeck.dev \"{}\" not found", name)};
        error.details =
            base::ErrorDetails{.name = name, .group = exchange.kind->group, .kind = exchange.kind->plural, .uid = {}};
        return apiserver::errorResponse(error);
    }
    Response response;
    response.headers = {{"Content-Type", std::string(wanted.contentType())}};
    response.body = apiserver::encodeObject(*exchange.kind, object, wanted, m_server.executor().clock().now());
    return response;
}

Response PodPlacementsHandler::list(const apiserver::Exchange& exchange, const apiserver::Wanted& wanted) const {
    const auto parameters = apiserver::parseListParameters(exchange.request);
    if (!parameters) return apiserver::errorResponse(parameters.error());
    const auto selection =
        apiserver::Selection::parse(*exchange.kind, parameters->labelSelector, parameters->fieldSelector);
    if (!selection) return apiserver::errorResponse(selection.error());
    std::vector<store::EntryPtr> entries;
    for (const auto& [ns, pod] : m_log->pods(exchange.info.namespace_)) {
        auto object = find(ns, pod);
        if (!object || !selection->matches(*object)) continue;
        store::Entry::Origin origin{.key = {exchange.kind->plural, ns, pod}};
        entries.push_back(
            std::make_shared<store::Entry>(m_entries, std::move(origin), std::move(object), std::string_view()));
    }
    Response response;
    response.headers = {{"Content-Type", std::string(wanted.contentType())}};
    response.body = apiserver::encodeList(*exchange.kind, entries, {}, wanted, m_server.executor().clock().now());
    return response;
}

Response PodPlacementsHandler::handle(const apiserver::Exchange& exchange) {
    auto wanted = apiserver::negotiate(exchange.request, true);
    if (!wanted) return apiserver::errorResponse(wanted.error());
    if (wanted->encoding == apiserver::Encoding::Protobuf)
        wanted->encoding = apiserver::Encoding::Json;  // as of custom resources
    return exchange.info.verb == "get" ? get(exchange, *wanted) : list(exchange, *wanted);
}

}  // namespace qd::control_plane
