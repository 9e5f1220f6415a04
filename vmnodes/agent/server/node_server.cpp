#include "vmnodes/agent/server/node_server.h"

#include <fmt/format.h>

#include <algorithm>

#include "vmnodes/agent/server/log_response.h"
#include "vmnodes/agent/server/node_metrics.h"
#include "vmnodes/agent/server/remote_command.h"

namespace qd::agent::server {
namespace {

using apiserver::Request;
using apiserver::Response;

Response text(int code, std::string body, const char* type = "text/plain; charset=utf-8") {
    Response response;
    response.code = code;
    response.headers.set("Content-Type", type);
    response.body.push_back(http::bytes(std::move(body)));
    return response;
}

Response refusal(const Error& error) {
    return text(error.httpStatus(), error.message + "\n");
}

std::vector<std::string> split(const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t at = 1; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (end > at) parts.push_back(path.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

bool flag(const http::Query& query, const char* name) {
    return query.get(name) == "1" || query.get(name) == "true";
}

}  // namespace

NodeServer::NodeServer(base::Executor& executor, cri::Runtime& runtime, sync::PodWorkers& workers,
                       SessionOpener& sessions, ImageEndpoint& images, Callers callers)
    : m_executor(executor),
      m_runtime(runtime),
      m_workers(workers),
      m_sessions(sessions),
      m_images(images),
      m_callers(std::move(callers)) {}

bool NodeServer::mayCall(const Request& request) const {
    if (!request.peer) return false;
    if (std::ranges::find(m_callers.commonNames, request.peer->commonName) != m_callers.commonNames.end()) return true;
    return std::ranges::any_of(request.peer->organizations, [&](const std::string& one) {
        return std::ranges::find(m_callers.organizations, one) != m_callers.organizations.end();
    });
}

Response NodeServer::handle(Request request) {
    Route route{{}, split(request.path)};
    if (!route.parts.empty()) {
        route.kind = route.parts.front();
        route.parts.erase(route.parts.begin());
    }
    if (!request.peer) return text(401, "Unauthorized");
    if (!mayCall(request))
        return text(403, fmt::format("Forbidden (user={}, verb=get, resource=nodes, subresource=proxy)",
                                     request.peer->commonName));
    if (route.kind == "healthz") return text(200, "ok");
    if (route.kind == "containerLogs") return logs(route, request);
    if (route.kind == "exec" || route.kind == "attach" || route.kind == "portForward")
        return session(route, std::move(request));
    if (route.kind == "images")
        return later([this, route, request = std::move(request)] { return m_images.handle(route.parts, request); });
    if (route.kind == "stats" && route.parts == std::vector<std::string>{"summary"})
        return later([this] {
            return text(200, statsSummary(m_runtime, m_workers, m_executor.clock().now()), "application/json");
        });
    if (route.kind == "metrics" && route.parts == std::vector<std::string>{"resource"})
        return later([this] {
            return text(200, resourceMetrics(m_runtime, m_executor.clock().now()),
                        "text/plain; version=0.0.4; charset=utf-8");
        });
    return text(404, "404 page not found\n");
}

// Does the work on the executor while the response waits.
Response NodeServer::later(std::move_only_function<Response()> work) {
    Response response;
    response.gate = [this, work = std::move(work)](apiserver::Release release) mutable {
        m_executor.post([work = std::move(work), release = std::move(release)]() mutable {
            release(std::make_unique<Response>(work()));
        });
    };
    return response;
}

Response NodeServer::logs(const Route& route, const Request& request) {
    if (request.method != "GET" || route.parts.size() != 3) return text(404, "404 page not found\n");
    const auto worker = m_workers.find(route.parts[0], route.parts[1]);
    if (!worker) return text(404, fmt::format("pod does not exist: \"{}\"\n", route.parts[1]));
    const auto options = logOptions(request.query, m_executor.clock().now());
    if (!options) return refusal(options.error());
    const std::string container = route.parts[2];
    const auto instance = loggedInstance(*worker->pod(), worker->status(), worker->observed(), container,
                                         flag(request.query, "previous"));
    if (!instance) return refusal(instance.error());
    auto reader = logs::LogReader::open(instance->logPath, *options, [worker, id = instance->id] {
        const auto observed = worker->observed();
        return std::ranges::any_of(observed.containers, [&](const cri::ContainerStatus& one) {
            return one.id == id && one.state == cri::ContainerState::Running;
        });
    });
    if (!reader) return refusal(reader.error());
    Response response;
    response.headers.set("Content-Type", "text/plain");
    response.stream = logBody(std::move(*reader), m_executor);
    return response;
}

Result<std::string> NodeServer::sessionUrl(const Route& route, const Request& request) {
    const bool forward = route.kind == "portForward";
    if (route.parts.size() < (forward ? 2U : 3U)) return fail(Reason::NotFound, "404 page not found");
    const auto worker = m_workers.find(route.parts[0], route.parts[1]);
    if (!worker) return fail(Reason::NotFound, fmt::format("pod does not exist: \"{}\"", route.parts[1]));
    const sync::Observed observed = worker->observed();
    if (forward) {
        const cri::SandboxStatus* sandbox = observed.readySandbox();
        if (sandbox == nullptr)
            return fail(Reason::NotFound, fmt::format("not able to find the sandbox of pod {}", route.parts[1]));
        return m_runtime.portForward(sandbox->id, {});
    }
    // .../<namespace>/<pod>/<container>, or with the Pod's uid before the container
    const std::string& container = route.parts.back();
    const cri::ContainerStatus* status = observed.find(container);
    if (status == nullptr || status->state != cri::ContainerState::Running)
        return fail(Reason::NotFound, fmt::format("container not found (\"{}\")", container));
    cri::ExecRequest wish;
    wish.containerId = status->id;
    for (const std::string_view word : request.query.all("command")) wish.command.emplace_back(word);
    const SessionStreams streams = SessionStreams::of(request.query);
    wish.tty = streams.tty;
    wish.stdin_ = streams.input;
    wish.stdout_ = streams.output;
    wish.stderr_ = streams.error;
    return route.kind == "exec" ? m_runtime.exec(wish) : m_runtime.attach(wish);
}

Response NodeServer::session(const Route& route, Request request) {
    return later([this, route, request = std::move(request)] {
        const auto url = sessionUrl(route, request);
        if (!url) return refusal(url.error());
        return m_sessions.open(*url, request);
    });
}

}  // namespace qd::agent::server
