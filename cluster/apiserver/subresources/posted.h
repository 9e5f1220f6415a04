// What reviews and token requests have in common: an object is posted and answered with its status filled in; nothing is
// stored.
#pragma once

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/representation.h"

namespace qd::apiserver {

struct Posted {
    std::shared_ptr<api::Object> object;
    Wanted wanted;
    std::vector<std::string> warnings;

    template <typename T>
    T& as() {
        return static_cast<T&>(*object);
    }
};

// The object of a create request, decoded, defaulted and with managed fields; its namespace is that of the request. `kind` is the object's, which
// for subresources is not that of the exchange.
Result<Posted> readPosted(ApiServer& server, const Exchange& exchange, const api::Kind& kind);
Response answerPosted(const ApiServer& server, const api::Kind& kind, const Posted& posted);

}  // namespace qd::apiserver
