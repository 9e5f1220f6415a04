#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver::handlers {

Response get(ApiServer& server, const Exchange& exchange) {
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    const auto entry = server.verbs().getEntry(targetOf(exchange));
    if (!entry) return errorResponse(entry.error());
    Response response;
    response.headers = {{"Content-Type", std::string(wanted->contentType())}};
    response.body = encodeEntry(*exchange.kind, *entry, *wanted, server.executor().clock().now());
    return response;
}

}  // namespace qd::apiserver::handlers
