#include "cluster/apiserver/subresources/computed.h"

#include <algorithm>
#include <tuple>

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

}  // namespace

ComputedHandler::ComputedHandler(ApiServer& server)
    : m_server(server), m_entries(std::make_shared<store::EntryContext>(m_codec, kEncodings)) {}

Response ComputedHandler::get(const Exchange& exchange, const Wanted& wanted) const {
    const auto all = objects(exchange);
    const auto found = std::ranges::find_if(all, [&](const auto& one) { return one->metadata.name == exchange.info.parts[1]; });
    if (found == all.end()) return errorResponse(notThere(exchange));
    Response response;
    response.headers = {{"Content-Type", std::string(wanted.contentType())}};
    response.body = encodeObject(*exchange.kind, *found, wanted, m_server.executor().clock().now());
    return response;
}

Response ComputedHandler::list(const Exchange& exchange, const Wanted& wanted) const {
    const auto parameters = parseListParameters(exchange.request);
    if (!parameters) return errorResponse(parameters.error());
    const auto selection = Selection::parse(*exchange.kind, parameters->labelSelector, parameters->fieldSelector);
    if (!selection) return errorResponse(selection.error());
    auto all = objects(exchange);
    std::ranges::sort(all, comesBefore);
    std::vector<store::EntryPtr> entries;
    for (auto& object : all) {
        if (!selection->matches(*object)) continue;
        store::Entry::Origin origin{.key = {exchange.kind->plural, object->metadata.namespace_, object->metadata.name}};
        entries.push_back(std::make_shared<store::Entry>(m_entries, std::move(origin), std::move(object), std::string_view()));
    }
    Response response;
    response.headers = {{"Content-Type", std::string(wanted.contentType())}};
    response.body = encodeList(*exchange.kind, entries, {}, wanted, m_server.executor().clock().now());
    return response;
}

Response ComputedHandler::handle(const Exchange& exchange) {
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    return exchange.info.verb == "get" ? get(exchange, *wanted) : list(exchange, *wanted);
}

}  // namespace qd::apiserver
