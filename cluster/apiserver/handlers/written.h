// What create, update and patch have in common: the answer to a write.
#pragma once

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver::handlers {

inline Response writtenResponse(ApiServer& server, const Exchange& exchange, const Wanted& wanted, Written written) {
    Response response;
    response.code = written.created ? 201 : 200;
    response.headers = {{"Content-Type", std::string(wanted.contentType())}};
    response.body = encodeObject(*exchange.kind, written.object, wanted, server.executor().clock().now());
    addWarnings(response, written.warnings);
    waitFor(response, std::move(written.ticket));
    return response;
}

}  // namespace qd::apiserver::handlers
