#include "cluster/apiserver/subresources/posted.h"

#include "cluster/apiserver/options.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver {
namespace {

void dropSystemFields(metav1::ObjectMeta& meta) {
    meta.uid.clear();
    meta.selfLink.clear();
    meta.creationTimestamp = {};
    meta.deletionTimestamp.reset();
    meta.deletionGracePeriodSeconds.reset();
}

}  // namespace

Result<Posted> readPosted(ApiServer& server, const Exchange& exchange, const api::Kind& kind) {
    if (exchange.info.verb != "create") {
        return fail(Reason::MethodNotAllowed, "the server does not allow this method on the requested resource");
    }
    // Reviews, tokens and the like are no tables and have no metadata worth showing alone.
    auto wanted = negotiate(exchange.request, false);
    if (!wanted) return fail(std::move(wanted.error()));
    const auto encoding = bodyEncoding(exchange.request);
    if (!encoding) return fail(encoding.error());
    const auto parameters = parseWriteParameters(exchange.request, "CreateOptions", false, false);
    if (!parameters) return fail(parameters.error());
    auto decoded = decodeBody(kind, exchange.request.body, *encoding, parameters->fieldValidation);
    if (!decoded) return fail(std::move(decoded.error()));

    Posted posted{.object = std::move(decoded->object), .wanted = *wanted, .warnings = std::move(decoded->warnings)};
    std::string& ns = posted.object->metadata.namespace_;
    if (!exchange.kind->namespaced) {
        ns.clear();
    } else if (ns.empty()) {
        ns = exchange.info.namespace_;
    } else if (ns != exchange.info.namespace_) {
        return fail(Reason::BadRequest,
                    "the namespace of the provided object does not match the namespace sent on the request");
    }
    if (exchange.info.subresource.empty()) dropSystemFields(posted.object->metadata);
    const std::string manager = parameters->fieldManager.empty() ? managerFromUserAgent(exchange.request.headers.get("User-Agent")) : parameters->fieldManager;
    const Target target{&kind, exchange.info.namespace_, "", exchange.info.subresource};
    if (auto tracked = server.verbs().trackCreate(handlers::callerOf(exchange, manager), target, *posted.object); !tracked) {
        return fail(std::move(tracked.error()));
    }
    return posted;
}

Response answerPosted(const ApiServer& server, const api::Kind& kind, const Posted& posted) {
    Response response;
    response.code = 201;
    response.headers = {{"Content-Type", std::string(posted.wanted.contentType())}};
    response.body = encodeObject(kind, posted.object, posted.wanted, server.executor().clock().now());
    addWarnings(response, posted.warnings);
    return response;
}

}  // namespace qd::apiserver
