#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <chrono>

#include "cluster/apiserver/api_server.h"
#include "cluster/base/pki/token.h"
#include "cluster/apiserver/handlers/selection.h"
#include "cluster/apiserver/options.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver::handlers {
namespace {

namespace json = boost::json;

// How long the pages of one list may be asked for. Clients must be ready for the end of it after five minutes:
// https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks.
constexpr std::chrono::minutes kContinuationGood{5};
constexpr store::Revision kNewest = -1;

// Where a paged list goes on: the revision that all pages show, and the first path of the next one.
struct Continuation {
    store::Revision revision = 0;  // kNewest: whichever is, so that this page does not go together with those before
    std::string start;
    std::int64_t given = 0;  // seconds since 1970
};

std::int64_t secondsOf(base::WallTime time) { return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count(); }

std::string encode(const Continuation& continuation) {
    return pki::base64UrlEncode(json::serialize(
        json::object{{"v", "meta.k8s.io/v1"}, {"rv", continuation.revision}, {"start", continuation.start}, {"given", continuation.given}}));
}

Result<Continuation> decode(const std::string& token) {
    const auto text = pki::base64UrlDecode(token);
    boost::system::error_code error;
    const json::value value = json::parse(text ? *text : std::string(), error);
    const json::object* object = error ? nullptr : value.if_object();
    if (!object) return fail(Reason::BadRequest, "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value");
    const auto* version = object->if_contains("v");
    const auto* revision = object->if_contains("rv");
    const auto* start = object->if_contains("start");
    if (!version || *version != "meta.k8s.io/v1" || !revision || !revision->is_int64() || !start || !start->is_string()) {
        return fail(Reason::BadRequest, "invalid continue token: continue key is not valid: server does not recognize this encoded version \"\"");
    }
    const auto* given = object->if_contains("given");
    return Continuation{revision->as_int64(), std::string(start->as_string()), given && given->is_int64() ? given->as_int64() : 0};
}

Error continuationTooOld() {
    return {Reason::Expired,
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue "
            "parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token "
            "results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and "
            "now may show up in the list."};
}

Result<store::Revision> parseRevision(const std::string& text) {
    store::Revision revision = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
    if (error == std::errc{} && end == text.data() + text.size() && revision >= 0) return revision;
    return fail(Reason::BadRequest, fmt::format("invalid resource version: resourceVersion: Invalid value: \"{}\": strconv.ParseUint: parsing \"{}\": invalid syntax", text, text));
}

struct Page {
    std::vector<store::EntryPtr> entries;
    ListMeta meta;
};

// Walks a snapshot until the page is full; `remaining` is known only when nothing had to be matched.
Page takePage(const store::Snapshot& snapshot, const Selection& selection, const std::string& ns, const Continuation& from, std::int64_t limit) {
    Page page;
    page.meta.resourceVersion = std::to_string(snapshot.revision());
    std::int64_t left = 0;
    snapshot.visit(ns, from.start, [&](const store::EntryPtr& entry) {
        if (limit > 0 && static_cast<std::int64_t>(page.entries.size()) >= limit) {
            if (left == 0 && !selection.all() && !selection.matches(*entry->object())) return true;
            if (left++ == 0) page.meta.continueToken = encode({snapshot.revision(), entry->key().path(), from.given});
            return selection.all();
        }
        if (selection.all() || selection.matches(*entry->object())) page.entries.push_back(entry);
        return true;
    });
    if (left > 0 && selection.all()) page.meta.remaining = left;
    return page;
}

Result<store::Snapshot> chooseSnapshot(ApiServer& server, const std::string& resource, const ListParameters& list, Continuation& from) {
    if (!list.continueToken.empty()) {
        auto decoded = decode(list.continueToken);
        if (!decoded) return fail(std::move(decoded.error()));
        if (!list.resourceVersion.empty() && list.resourceVersion != "0") {
            return fail(Reason::BadRequest, "specifying resource version is not allowed when using continue");
        }
        from = std::move(*decoded);
        if (from.revision == kNewest) return server.store().snapshot(resource);
        const auto age = std::chrono::seconds(secondsOf(server.executor().clock().now()) - from.given);
        if (age > kContinuationGood) return fail(continuationTooOld());
        auto snapshot = server.store().snapshotAt(resource, from.revision);
        if (!snapshot && snapshot.error().reason == Reason::Expired) return fail(continuationTooOld());
        return snapshot;
    }
    if (list.resourceVersion.empty() || list.resourceVersion == "0") return server.store().snapshot(resource);
    const auto revision = parseRevision(list.resourceVersion);
    if (!revision) return fail(revision.error());
    if (*revision > server.store().committed()) return fail(store::tooLargeRevision(*revision, server.store().committed()));
    const bool exact = list.resourceVersionMatch == "Exact" || (list.resourceVersionMatch.empty() && list.limit > 0);
    return exact ? server.store().snapshotAt(resource, *revision) : server.store().snapshot(resource);
}

}  // namespace

Response list(ApiServer& server, const Exchange& exchange) {
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    const auto parameters = parseListParameters(exchange.request);
    if (!parameters) return errorResponse(parameters.error());
    const auto selection = Selection::parse(*exchange.kind, parameters->labelSelector, parameters->fieldSelector);
    if (!selection) return errorResponse(selection.error());
    const Target target = targetOf(exchange);
    Continuation from;
    const auto snapshot = chooseSnapshot(server, storeKey(target).resource, *parameters, from);
    if (!snapshot && snapshot.error().reason == Reason::Expired && !from.start.empty()) {
        return errorResponse(snapshot.error(), encode({kNewest, from.start, 0}));
    }
    if (!snapshot) return errorResponse(snapshot.error());

    // The first page's time holds for all of a list.
    if (from.start.empty() || from.revision == kNewest) from.given = secondsOf(server.executor().clock().now());
    Page page = takePage(*snapshot, *selection, target.namespace_, from, parameters->limit);
    Response response;
    response.headers = {{"Content-Type", std::string(wanted->contentType())}};
    response.body = encodeList(*exchange.kind, page.entries, page.meta, *wanted, server.executor().clock().now());
    return response;
}

}  // namespace qd::apiserver::handlers
