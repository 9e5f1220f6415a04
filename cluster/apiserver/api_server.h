// The API server: from an HTTP request to its response.
//
// One request goes through: who is it (authenticators), what does it mean (request_info), may they (authorizer), and then to
// one handler (handlers/, a file a verb) that calls the verbs on objects. Handlers are synchronous; the response waits for
// the store's ticket. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/apiserver/admission/admission.h"
#include "cluster/apiserver/auth/authenticator.h"
#include "cluster/apiserver/auth/authorizer.h"
#include "cluster/apiserver/discovery/discovery.h"
#include "cluster/apiserver/http.h"
#include "cluster/apiserver/negotiation.h"
#include "cluster/apiserver/own_group.h"
#include "cluster/apiserver/request_info.h"
#include "cluster/apiserver/verbs/verbs.h"
#include "cluster/base/executor.h"

namespace qd::apiserver {

// One request on its way.
struct Exchange {
    const Request& request;
    const RequestInfo& info;
    const api::Kind* kind = nullptr;  // null for other than resources
    User user;
};

// Answers a subresource that is more than an update rule: scale, binding, eviction, log, exec, token.
class SubresourceHandler {
public:
    virtual ~SubresourceHandler() = default;
    virtual Response handle(const Exchange& exchange) = 0;
};

struct ApiServerParts {
    store::Store& store;
    base::Executor& executor;
    base::Random& random;
    std::vector<std::unique_ptr<Authenticator>> authenticators;
    std::unique_ptr<Authorizer> authorizer;
    std::vector<std::unique_ptr<AdmissionPlugin>> admission;
    std::unique_ptr<Reader> reader;
    bool anonymousAllowed = true;
};

class ApiServer {
public:
    explicit ApiServer(ApiServerParts parts);
    ~ApiServer();

    Response handle(const Request& request);
    // For callers in this process, whose user is known and who are not asked for permission: waits for the whole answer and
    // gives its body, or the error that it is. Not for what has no end: watches, followed logs.
    Result<std::string> handleAs(const Request& request, const User& user);
    Verbs& verbs();
    const Reader& reader() const;
    const Authorizer& authorizer() const;
    store::Store& store();
    base::Executor& executor() const;

    // `resource` is plural.group ("pods", "deployments.apps"). Before the first request.
    void addSubresource(const std::string& groupResource, const std::string& subresource, std::unique_ptr<SubresourceHandler> handler);
    // A whole resource that is never stored (reviews): subresource "".
    // A whole group that is no built-in one. Before the first request.
    void addGroup(std::unique_ptr<OwnGroup> group);
    // Other paths, e.g. /metrics. Longest prefix wins.
    using PathHandler = std::function<Response(const Request&, const User&)>;
    void addPath(const std::string& prefix, PathHandler handler);
    // Whether the whole control plane is up: /readyz.
    void setReady(bool ready);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

// Lets a response go when its write is on disk; an error of the commit replaces it.
void waitFor(Response& response, store::Ticket ticket);

// --- handlers, a file a verb; each answers one Exchange whose kind is known
namespace handlers {
Response get(ApiServer& server, const Exchange& exchange);
Response list(ApiServer& server, const Exchange& exchange);
Response watch(ApiServer& server, const Exchange& exchange);
Response create(ApiServer& server, const Exchange& exchange);
Response update(ApiServer& server, const Exchange& exchange);
Response patch(ApiServer& server, const Exchange& exchange);
Response remove(ApiServer& server, const Exchange& exchange);
Response removeCollection(ApiServer& server, const Exchange& exchange);

Target targetOf(const Exchange& exchange);
Caller callerOf(const Exchange& exchange, const std::string& fieldManager);
}  // namespace handlers

}  // namespace qd::apiserver
