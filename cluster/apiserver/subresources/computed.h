// Resources that are read only and not stored: their objects are made when they are asked for.
#pragma once

#include <memory>
#include <vector>

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/negotiation.h"
#include "cluster/store/api_codec.h"
#include "cluster/store/entry.h"

namespace qd::apiserver {

class ComputedHandler : public SubresourceHandler {
public:
    explicit ComputedHandler(ApiServer& server);
    Response handle(const Exchange& exchange) final;

protected:
    // Those of the request's namespace, in any order.
    virtual std::vector<api::ObjectPtr> objects(const Exchange& exchange) const = 0;
    // What is said when there is none of the name that was asked for.
    virtual Error notThere(const Exchange& exchange) const = 0;

private:
    Response get(const Exchange& exchange, const Wanted& wanted) const;
    Response list(const Exchange& exchange, const Wanted& wanted) const;

    ApiServer& m_server;
    store::ApiCodec m_codec;
    std::shared_ptr<store::EntryContext> m_entries;
};

}  // namespace qd::apiserver
