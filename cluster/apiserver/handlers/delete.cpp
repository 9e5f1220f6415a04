#include "cluster/apiserver/handlers/selection.h"
#include "cluster/apiserver/handlers/written.h"
#include "cluster/apiserver/options.h"

namespace qd::apiserver::handlers {

Response remove(ApiServer& server, const Exchange& exchange) {
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    const auto options = parseDeleteOptions(exchange.request);
    if (!options) return errorResponse(options.error());
    const Target target = targetOf(exchange);
    auto removed = server.verbs().remove(callerOf(exchange, ""), target, *options);
    if (!removed) return errorResponse(removed.error());

    Response response;
    if (removed->gone && !exchange.kind->returnsDeletedObject) {
        response = jsonResponse(200, deletedStatusJson(target.name, target.kind->group, target.kind->plural, removed->object->metadata.uid));
    } else {
        const bool accepted = !removed->gone && options->orphanDependents && !*options->orphanDependents;
        response.code = accepted ? 202 : 200;
        response.headers = {{"Content-Type", std::string(wanted->contentType())}};
        response.body = encodeObject(*exchange.kind, removed->object, *wanted, server.executor().clock().now());
    }
    addWarnings(response, removed->warnings);
    waitFor(response, std::move(removed->ticket));
    return response;
}

Response removeCollection(ApiServer& server, const Exchange& exchange) {
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    const auto list = parseListParameters(exchange.request);
    if (!list) return errorResponse(list.error());
    const auto options = parseDeleteOptions(exchange.request);
    if (!options) return errorResponse(options.error());
    const auto selection = Selection::parse(*exchange.kind, list->labelSelector, list->fieldSelector);
    if (!selection) return errorResponse(selection.error());
    const auto snapshot = server.store().snapshot(storeKey(targetOf(exchange)).resource);
    if (!snapshot) return errorResponse(snapshot.error());

    std::vector<store::EntryPtr> removedEntries;
    store::Ticket last;
    for (const auto& entry : snapshot->entries(exchange.info.namespace_)) {
        if (!selection->matches(*entry->object())) continue;
        Target target = targetOf(exchange);
        target.namespace_ = entry->key().namespace_;
        target.name = entry->key().name;
        auto removed = server.verbs().remove(callerOf(exchange, ""), target, *options);
        if (!removed) {
            if (removed.error().reason == Reason::NotFound) continue;
            return errorResponse(removed.error());
        }
        removedEntries.push_back(entry);
        last = removed->ticket;
    }
    Response response;
    response.headers = {{"Content-Type", std::string(wanted->contentType())}};
    response.body = encodeList(*exchange.kind, removedEntries, ListMeta{std::to_string(snapshot->revision()), {}, {}}, *wanted, server.executor().clock().now());
    waitFor(response, std::move(last));
    return response;
}

}  // namespace qd::apiserver::handlers
