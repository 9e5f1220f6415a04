#include "cluster/apiserver/handlers/written.h"
#include "cluster/apiserver/options.h"

namespace qd::apiserver::handlers {
namespace {

// Somebody who makes a namespace and a Pod in it at once finds its ServiceAccount still missing: for two seconds such a
// request waits for the controller, as upstream's does, but holds no thread.
constexpr int kTries = 14;
constexpr base::Duration kBetweenTries = std::chrono::milliseconds(150);

Response createIn(ApiServer& server, const Exchange& exchange, int triesLeft);

Response tryAgainLater(ApiServer& server, const Exchange& exchange, int triesLeft) {
    Response response;
    response.gate = [&server, request = exchange.request, info = exchange.info, kind = exchange.kind,
                     user = exchange.user, triesLeft](Release release) {
        auto again = [&server, request, info, kind, user, triesLeft, release = std::move(release)]() mutable {
            release(std::make_unique<Response>(createIn(server, Exchange{request, info, kind, user}, triesLeft)));
        };
        server.executor().postAfter(kBetweenTries, std::move(again)).detach();
    };
    return response;
}

Response createIn(ApiServer& server, const Exchange& exchange, int triesLeft) {
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    const auto encoding = bodyEncoding(exchange.request);
    if (!encoding) return errorResponse(encoding.error());
    const auto parameters = parseWriteParameters(exchange.request, "CreateOptions", false, false);
    if (!parameters) return errorResponse(parameters.error());
    auto decoded = decodeBody(*exchange.kind, exchange.request.body, *encoding, parameters->fieldValidation);
    if (!decoded) return errorResponse(decoded.error());

    const std::string manager = parameters->fieldManager.empty()
                                    ? managerFromUserAgent(exchange.request.headers.get("User-Agent"))
                                    : parameters->fieldManager;
    bool mayComeSoon = false;
    const CreateOptions options{.dryRun = parameters->dryRun, .keepsManagedFields = false, .mayComeSoon = &mayComeSoon};
    auto written =
        server.verbs().create(callerOf(exchange, manager), targetOf(exchange), std::move(decoded->object), options);
    if (!written && mayComeSoon && triesLeft > 0) return tryAgainLater(server, exchange, triesLeft - 1);
    if (!written) return errorResponse(written.error());
    written->warnings.insert(written->warnings.begin(), decoded->warnings.begin(), decoded->warnings.end());
    return writtenResponse(server, exchange, *wanted, std::move(*written));
}

}  // namespace

Response create(ApiServer& server, const Exchange& exchange) {
    return createIn(server, exchange, kTries);
}

}  // namespace qd::apiserver::handlers
