#include "cluster/apiserver/api_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <future>
#include <map>
#include <semaphore>

#include "cluster/apiserver/auth/impersonation.h"
#include "cluster/apiserver/deprecation.h"
#include "cluster/apiserver/health.h"
#include "cluster/apiserver/metrics/request_metrics.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"
#include "cluster/api/meta/status.h"
#include "cluster/api/meta/time.h"
#include "cluster/base/log.h"

namespace qd::apiserver {
namespace {

Error notServed() {
    Error error{Reason::NotFound, "the server could not find the requested resource"};
    error.details = base::ErrorDetails{};
    return error;
}

Error notAllowed() {
    Error error{Reason::MethodNotAllowed, "the server does not allow this method on the requested resource"};
    error.details = base::ErrorDetails{};
    return error;
}

constexpr std::string_view kInsightGroup = "insight.quarterdeck.dev";

// Served by whoever measures or looks on, in a handler of its own, or not at all.
bool isMeasured(const api::Kind& kind) { return kind.group == "metrics.k8s.io" || kind.group == kInsightGroup; }

}  // namespace

struct ApiServer::State {
    State(ApiServerParts given)
        : parts(std::move(given)),
          verbs(VerbsContext{parts.store, parts.executor.clock(), parts.random, parts.admission, *parts.reader}),
          discovery(servedKinds(), {}),
          metrics(parts.executor.clock()) {}

    bool isServed(const api::Kind& kind) const { return !isMeasured(kind) || subresources.contains({kind.groupResource(), ""}); }
    std::vector<const api::Kind*> servedKinds() const;
    std::vector<const OwnGroup*> ownGroups() const;
    OwnGroup* ownGroup(const std::string& name) const;
    Result<User> authenticate(const Request& request) const;
    // The user as whom the request is done, if that one may do it.
    Result<User> admittedUser(const Request& request, const RequestInfo& info) const;
    Response handleResource(ApiServer& server, const Exchange& exchange);
    Response handlePath(const Request& request, const User& user);
    std::vector<HealthCheck> healthChecks(bool ofReadiness) const;
    Response dispatch(ApiServer& server, const Request& request, const RequestInfo& info, User user);
    Response handleDiscovery(const Request& request, const std::vector<std::string>& parts_);
    Response index() const;

    ApiServerParts parts;
    Verbs verbs;
    std::map<std::pair<std::string, std::string>, std::unique_ptr<SubresourceHandler>> subresources;
    std::vector<std::unique_ptr<OwnGroup>> groups;
    Discovery discovery;
    RequestMetrics metrics;
    std::map<std::string, PathHandler, std::greater<>> paths;  // longer ones of a common prefix first
    std::atomic<bool> ready = false;
};

std::vector<const api::Kind*> ApiServer::State::servedKinds() const {
    std::vector<const api::Kind*> served;
    for (const api::Kind* kind : api::builtinKinds())
        if (isServed(*kind)) served.push_back(kind);
    return served;
}

std::vector<const OwnGroup*> ApiServer::State::ownGroups() const {
    std::vector<const OwnGroup*> own;
    for (const auto& group : groups) own.push_back(group.get());
    return own;
}

OwnGroup* ApiServer::State::ownGroup(const std::string& name) const {
    const auto found = std::ranges::find_if(groups, [&](const auto& group) { return group->name() == name; });
    return found == groups.end() ? nullptr : found->get();
}

Result<User> ApiServer::State::authenticate(const Request& request) const {
    bool invalid = !request.peerError.empty();
    for (const auto& authenticator : parts.authenticators) {
        auto user = authenticator->authenticate(request);
        if (!user) {
            invalid = true;
            continue;
        }
        if (!*user) continue;
        User known = std::move(**user);
        if (known.name != kAnonymousUser && !known.isIn(kAuthenticatedGroup)) known.groups.emplace_back(kAuthenticatedGroup);
        return known;
    }
    if (invalid || !parts.anonymousAllowed) return fail(Reason::Unauthorized, "Unauthorized");
    return User{.name = std::string(kAnonymousUser), .uid = {}, .groups = {std::string(kUnauthenticatedGroup)}, .extra = {}};
}

namespace {

AuthorizationAttributes attributesOf(const Request& request, const RequestInfo& info, const User& user) {
    AuthorizationAttributes asked;
    asked.user = &user;
    asked.verb = info.verb;
    asked.isResource = info.isResource;
    asked.group = info.group;
    asked.version = info.version;
    asked.resource = info.resource;
    asked.subresource = info.subresource;
    asked.namespace_ = info.namespace_;
    asked.name = info.name;
    asked.path = info.path;
    asked.fieldSelector = request.query.get("fieldSelector");
    asked.labelSelector = request.query.get("labelSelector");
    // Whoever may read a Pod may read why it is where it is.
    if (info.group == kInsightGroup && info.resource == "podplacements") {
        asked.group.clear();
        asked.resource = "pods";
    }
    return asked;
}

}  // namespace

Result<User> ApiServer::State::admittedUser(const Request& request, const RequestInfo& info) const {
    const auto requestor = authenticate(request);
    if (!requestor) return requestor;
    AuthorizationAttributes asked = attributesOf(request, info, *requestor);
    auto user = impersonated(request, asked, *parts.authorizer);
    if (!user) return user;
    asked.user = &*user;
    const Verdict verdict = parts.authorizer->authorize(asked);
    if (verdict.decision == Decision::Allow) return user;
    return fail(forbiddenError(asked, verdict.reason));
}

Response ApiServer::State::handleResource(ApiServer& server, const Exchange& exchange) {
    const RequestInfo& info = exchange.info;
    const api::Kind& kind = *exchange.kind;
    if (!info.subresource.empty()) {
        const auto special = subresources.find({kind.groupResource(), info.subresource});
        if (special != subresources.end()) return special->second->handle(exchange);
        if (!kind.subresourceUpdates.contains(info.subresource)) return errorResponse(notServed());
        if (info.verb == "get") return handlers::get(server, exchange);
        if (info.verb == "update") return handlers::update(server, exchange);
        if (info.verb == "patch") return handlers::patch(server, exchange);
        return errorResponse(notAllowed());
    }
    if (std::find(kind.verbs.begin(), kind.verbs.end(), info.verb) == kind.verbs.end()) return errorResponse(notAllowed());
    if (const auto special = subresources.find({kind.groupResource(), ""}); special != subresources.end()) {
        return special->second->handle(exchange);
    }
    const bool named = info.parts.size() > 1;
    if (info.verb == "get") return handlers::get(server, exchange);
    if (info.verb == "list") return handlers::list(server, exchange);
    if (info.verb == "watch") return handlers::watch(server, exchange);
    if (info.verb == "create") return named ? errorResponse(notAllowed()) : handlers::create(server, exchange);
    if (info.verb == "update") return named ? handlers::update(server, exchange) : errorResponse(notAllowed());
    if (info.verb == "patch") return named ? handlers::patch(server, exchange) : errorResponse(notAllowed());
    if (info.verb == "delete") return handlers::remove(server, exchange);
    if (info.verb == "deletecollection") return handlers::removeCollection(server, exchange);
    return errorResponse(notAllowed());
}

namespace {

// "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" among what the client accepts first.
bool wantsAggregated(const Request& request) {
    for (const MediaType& media : parseAccept(request.headers.get("Accept"))) {
        if (media.parameter("as").empty()) return false;
        if (media.parameter("as") == "APIGroupDiscoveryList" && media.parameter("g") == "apidiscovery.k8s.io" && media.parameter("v") == "v2") return true;
    }
    return false;
}

}  // namespace

Response ApiServer::State::handleDiscovery(const Request& request, const std::vector<std::string>& path) {
    const Wanted json{};
    const bool core = path[0] == "api";
    if (path.size() == 1) {
        if (wantsAggregated(request)) {
            Response response = document(200, discovery.aggregated(core), json);
            response.headers.set("Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
            response.headers.set("Vary", "Accept");
            return response;
        }
        return document(200, core ? discovery.apiVersions(std::string(request.headers.get("Host"))) : discovery.groupList(), json);
    }
    if (!core && path.size() == 2) {
        const auto group = discovery.group(path[1]);
        return group ? document(200, *group, json) : textResponse(404, "404 page not found\n");
    }
    const auto list = core && path.size() == 2    ? discovery.resourceList("", path[1])
                      : !core && path.size() == 3 ? discovery.resourceList(path[1], path[2])
                                                  : std::nullopt;
    if (list) return document(200, *list, json);
    return errorResponse(notServed());
}

// The store has the name of what it stands for.
std::vector<HealthCheck> ApiServer::State::healthChecks(bool ofReadiness) const {
    std::vector<HealthCheck> checks = {{"ping", [] { return Result<void>(); }}, {"log", [] { return Result<void>(); }}, {"etcd", [this] { return parts.store.health(); }}};
    if (ofReadiness) {
        checks.push_back({"poststarthook/start-control-plane", [this]() -> Result<void> {
                              if (ready) return {};
                              return fail(Reason::ServiceUnavailable, "not finished");
                          }});
    }
    return checks;
}

// What a person who asks for "/" gets: everything outside the resources that answers.
Response ApiServer::State::index() const {
    std::vector<std::string> known = discovery.paths();
    for (const auto& [prefix, handler] : paths) known.push_back(prefix);
    known.emplace_back("/metrics");
    for (const std::string endpoint : {"/healthz", "/livez", "/readyz"}) {
        known.push_back(endpoint);
        for (const HealthCheck& check : healthChecks(endpoint == "/readyz")) known.push_back(endpoint + "/" + check.name);
    }
    std::ranges::sort(known);
    return document(200, boost::json::object{{"paths", boost::json::array(known.begin(), known.end())}}, Wanted{});
}

Response ApiServer::State::handlePath(const Request& request, const User& user) {
    std::vector<std::string> path;
    for (std::size_t at = 0; at < request.path.size();) {
        const auto end = std::min(request.path.find('/', at), request.path.size());
        if (end > at) path.push_back(request.path.substr(at, end - at));
        at = end + 1;
    }
    if (path.empty() && request.method == "GET") return index();
    if (!path.empty() && (path[0] == "api" || path[0] == "apis") && request.method == "GET") return handleDiscovery(request, path);
    for (const auto& [prefix, handler] : paths) {
        if (request.path == prefix || request.path.starts_with(prefix + "/")) return handler(request, user);
    }
    for (const std::string endpoint : {"healthz", "livez", "readyz"}) {
        if (!path.empty() && path[0] == endpoint) return healthResponse(request, endpoint, healthChecks(endpoint == "readyz"));
    }
    if (request.path == "/metrics") {
        Response response = textResponse(200, metrics.text(parts.store));
        response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        return response;
    }
    return textResponse(404, "404 page not found\n");
}

ApiServer::ApiServer(ApiServerParts parts) : m_state(std::make_unique<State>(std::move(parts))) {}
ApiServer::~ApiServer() = default;

namespace {

// Requests that go on for as long as the client likes.
bool isLongRunning(const RequestInfo& info) {
    static constexpr std::string_view kSubresources[] = {"attach", "exec", "log", "portforward", "proxy"};
    return info.verb == "watch" || (info.isResource && std::ranges::find(kSubresources, info.subresource) != std::end(kSubresources));
}

// Requests are answered at once, so that the time a client allows for it needs no keeping; but it must be one.
Result<void> checkTimeout(const Request& request, const RequestInfo& info) {
    const std::string* timeout = request.query.find("timeout");
    if (!timeout || timeout->empty() || isLongRunning(info)) return {};
    if (const auto parsed = api::Duration::parse(*timeout); !parsed) {
        return fail(Reason::BadRequest, fmt::format("invalid timeout specified in the request URL - time: invalid duration \"{}\"", *timeout));
    }
    return {};
}

}  // namespace

Response ApiServer::handle(const Request& request) {
    const base::SteadyTime begun = executor().clock().steady();
    const RequestInfo info = parseRequestInfo(request);
    if (const auto checked = checkTimeout(request, info); !checked) {
        return m_state->metrics.observe(request, info, begun, errorResponse(checked.error()));
    }
    auto user = m_state->admittedUser(request, info);
    Response response = user ? m_state->dispatch(*this, request, info, std::move(*user)) : errorResponse(user.error());
    return m_state->metrics.observe(request, info, begun, std::move(response));
}

Response ApiServer::State::dispatch(ApiServer& server, const Request& request, const RequestInfo& info, User user) {
    if (!info.isResource) return handlePath(request, user);
    if (request.bodyTooLarge) {
        return errorResponse({Reason::RequestEntityTooLarge, fmt::format("Request entity too large: limit is {}", request.bodyLimit)});
    }
    if (OwnGroup* group = ownGroup(info.group)) return group->handle(Exchange{request, info, nullptr, std::move(user)});
    const api::Kind* kind = api::findResource(info.group, info.version, info.resource);
    if (!kind || !isServed(*kind) || (kind->namespaced && info.namespace_.empty() && info.verb != "list" && info.verb != "watch") ||
        (!kind->namespaced && !info.namespace_.empty() && info.resource != "namespaces")) {
        return errorResponse(notServed());
    }
    Response response = handleResource(server, Exchange{request, info, kind, std::move(user)});
    addWarnings(response, deprecationWarnings(*kind));
    return response;
}

namespace {

// Takes a body that comes in pieces until its end.
Result<void> drain(BodySource& source, std::string& body) {
    auto awake = std::make_shared<std::counting_semaphore<>>(0);
    source.start([awake] { awake->release(); });
    for (;;) {
        Buffers pieces;
        const BodySource::State state = source.next(pieces);
        for (const auto& piece : pieces) body += *piece;
        if (state == BodySource::State::End) return {};
        if (state == BodySource::State::Abort) return fail(Reason::ServiceUnavailable, "the answer broke off");
        if (state == BodySource::State::Waiting) awake->acquire();
    }
}

}  // namespace

Result<std::string> ApiServer::handleAs(const Request& request, const User& user) {
    Response response = m_state->dispatch(*this, request, parseRequestInfo(request), user);
    while (response.gate) {
        std::promise<std::unique_ptr<Response>> instead;
        auto released = instead.get_future();
        Gate gate = std::exchange(response.gate, nullptr);
        gate([&](std::unique_ptr<Response> other) { instead.set_value(std::move(other)); });
        if (auto other = released.get()) response = std::move(*other);
    }
    std::string body;
    for (const auto& piece : response.body) body += *piece;
    if (response.stream) {
        if (auto whole = drain(*response.stream, body); !whole) return fail(std::move(whole.error()));
    }
    if (response.code >= 400) return fail(api::errorFromStatus(response.code, body));
    return body;
}

Verbs& ApiServer::verbs() { return m_state->verbs; }
const Reader& ApiServer::reader() const { return *m_state->parts.reader; }
const Authorizer& ApiServer::authorizer() const { return *m_state->parts.authorizer; }
store::Store& ApiServer::store() { return m_state->parts.store; }
base::Executor& ApiServer::executor() const { return m_state->parts.executor; }
void ApiServer::setReady(bool ready) { m_state->ready = ready; }

void ApiServer::addSubresource(const std::string& groupResource, const std::string& subresource, std::unique_ptr<SubresourceHandler> handler) {
    m_state->subresources[{groupResource, subresource}] = std::move(handler);
    if (subresource.empty()) m_state->discovery = Discovery(m_state->servedKinds(), m_state->ownGroups());
}

void ApiServer::addGroup(std::unique_ptr<OwnGroup> group) {
    m_state->groups.push_back(std::move(group));
    m_state->discovery = Discovery(m_state->servedKinds(), m_state->ownGroups());
}

void ApiServer::addPath(const std::string& prefix, PathHandler handler) { m_state->paths[prefix] = std::move(handler); }

void waitFor(Response& response, store::Ticket ticket) {
    if (ticket.ready()) {
        if (auto done = ticket.wait(); !done) response = errorResponse(done.error());
        return;
    }
    response.gate = [ticket = std::move(ticket)](Release release) {
        ticket.then([release = std::move(release)](const Result<void>& done) mutable {
            release(done ? nullptr : std::make_unique<Response>(errorResponse(done.error())));
        });
    };
}

namespace handlers {

Target targetOf(const Exchange& exchange) {
    return {exchange.kind, exchange.kind->namespaced ? exchange.info.namespace_ : "", exchange.info.parts.size() > 1 ? exchange.info.parts[1] : "", exchange.info.subresource};
}

Caller callerOf(const Exchange& exchange, const std::string& fieldManager) {
    Caller caller{.user = exchange.user, .manager = fieldManager, .cause = 0};
    const std::string_view cause = exchange.request.headers.get("Quarterdeck-Cause");
    std::from_chars(cause.data(), cause.data() + cause.size(), caller.cause);
    return caller;
}

}  // namespace handlers
}  // namespace qd::apiserver
