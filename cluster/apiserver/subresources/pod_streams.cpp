#include "cluster/apiserver/subresources/pod_streams.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/apiserver/status.h"
#include "cluster/apiserver/subresources/node_agent.h"
#include "cluster/apiserver/subresources/query_values.h"

namespace qd::apiserver {
namespace {

std::string streamsQuery(const Query& given, bool withCommand) {
    Query query;
    if (withCommand) {
        for (const auto part : given.all("command")) query.add("command", std::string(part));
    }
    if (queryFlag(given, "stderr")) query.add("error", "1");
    if (queryFlag(given, "stdin")) query.add("input", "1");
    if (queryFlag(given, "stdout")) query.add("output", "1");
    if (queryFlag(given, "tty")) query.add("tty", "1");
    return query.encoded();
}

std::string portsQuery(const Query& given) {
    const auto ports = given.all("ports");
    if (ports.empty()) return {};
    Query query;
    query.add("port", fmt::format("{}", fmt::join(ports, ",")));
    return query.encoded();
}

}  // namespace

// A browser can only open a WebSocket by GET; running commands takes more than permission to read.
Result<void> PodStreamHandler::mayCreate(const Exchange& exchange) const {
    const RequestInfo& info = exchange.info;
    if (info.verb == "create") return {};
    AuthorizationAttributes asked;
    asked.user = &exchange.user;
    asked.verb = "create";
    asked.group = info.group;
    asked.version = info.version;
    asked.resource = info.resource;
    asked.subresource = info.subresource;
    asked.namespace_ = info.namespace_;
    asked.name = info.name;
    const Verdict verdict = m_server.authorizer().authorize(asked);
    if (verdict.decision == Decision::Allow) return {};
    return fail(forbiddenError(asked, verdict.reason));
}

Result<ForwardRequest> PodStreamHandler::toStream(const Exchange& exchange) const {
    const std::string& name = exchange.info.name;
    const Query& query = exchange.request.query;
    const auto pod = podOf(m_server.verbs(), exchange.info.namespace_, name);
    if (!pod) return fail(pod.error());
    std::string container;
    if (m_what != What::PortForward) {
        auto chosen = containerOf(**pod, std::string(query.get("container")));
        if (!chosen) return fail(std::move(chosen.error()));
        container = "/" + *chosen;
    }
    const std::string& node = (*pod)->spec.nodeName;
    if (node.empty()) return fail(Reason::BadRequest, fmt::format("pod {} does not have a host assigned", name));
    const auto agent = agentOf(m_server.verbs(), node);
    if (!agent) return fail(agent.error());
    const char* endpoint = m_what == What::Exec ? "exec" : m_what == What::Attach ? "attach" : "portForward";
    const std::string parameters =
        m_what == What::PortForward ? portsQuery(query) : streamsQuery(query, m_what == What::Exec);
    return toAgent(*agent, fmt::format("/{}/{}/{}{}{}{}", endpoint, exchange.info.namespace_, name, container,
                                       parameters.empty() ? "" : "?", parameters));
}

Response PodStreamHandler::handle(const Exchange& exchange) {
    const std::string& method = exchange.request.method;
    if (method != "GET" && method != "POST")
        return errorResponse(
            {Reason::MethodNotAllowed, "the server does not allow this method on the requested resource"});
    if (auto may = mayCreate(exchange); !may) return errorResponse(may.error());
    auto request = toStream(exchange);
    if (!request) return errorResponse(request.error());
    if (!exchange.request.headers.hasToken("Connection", "upgrade"))
        return errorResponse({Reason::BadRequest, "Upgrade request required"});
    request->upgrade = true;
    request->unreachable = [](const std::string& why) {
        return errorResponse(withoutReason("error dialing backend: " + why));
    };
    return m_forwarder.forward(exchange.request, std::move(*request));
}

}  // namespace qd::apiserver
