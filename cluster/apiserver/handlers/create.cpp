#include "cluster/apiserver/handlers/written.h"
#include "cluster/apiserver/options.h"

namespace qd::apiserver::handlers {

Response create(ApiServer& server, const Exchange& exchange) {
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    const auto encoding = bodyEncoding(exchange.request);
    if (!encoding) return errorResponse(encoding.error());
    const auto parameters = parseWriteParameters(exchange.request, "CreateOptions", false, false);
    if (!parameters) return errorResponse(parameters.error());
    auto decoded = decodeBody(*exchange.kind, exchange.request.body, *encoding, parameters->fieldValidation);
    if (!decoded) return errorResponse(decoded.error());

    const std::string manager = parameters->fieldManager.empty() ? managerFromUserAgent(exchange.request.headers.get("User-Agent")) : parameters->fieldManager;
    auto written = server.verbs().create(callerOf(exchange, manager), targetOf(exchange), std::move(decoded->object), CreateOptions{parameters->dryRun});
    if (!written) return errorResponse(written.error());
    written->warnings.insert(written->warnings.begin(), decoded->warnings.begin(), decoded->warnings.end());
    return writtenResponse(server, exchange, *wanted, std::move(*written));
}

}  // namespace qd::apiserver::handlers
