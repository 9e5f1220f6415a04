#include "vmnodes/agent/probes/probe_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "vmnodes/agent/probes/grpc_health.h"
#include "vmnodes/agent/probes/http_get.h"

namespace qd::agent::probes {
namespace {

constexpr int kMostRedirects = 10;

int portOf(const api::IntOrString& port, const corev1::Container& container) {
    if (!port.isString) return port.number;
    const auto found = std::ranges::find(container.ports, port.text, &corev1::ContainerPort::name);
    if (found != container.ports.end()) return found->containerPort;
    int number = 0;
    std::from_chars(port.text.data(), port.text.data() + port.text.size(), number);
    return number;
}

ProbeAnswer byExec(cri::Runtime& runtime, const corev1::ExecAction& action, const ProbeTarget& target,
                   std::chrono::seconds limit) {
    const auto result = runtime.execSync(target.containerId, action.command, limit);
    if (!result && result.error().reason == Reason::Timeout)
        return {Outcome::Failure, fmt::format("command timed out: \"{}\" timed out after {}s",
                                              action.command.empty() ? "" : action.command.front(), limit.count())};
    if (!result) return {Outcome::Error, result.error().message};
    return {result->exitCode == 0 ? Outcome::Success : Outcome::Failure,
            result->standardOutput + result->standardError};
}

ProbeAnswer byHttp(const corev1::HTTPGetAction& action, const corev1::Container& container, const ProbeTarget& target,
                   std::chrono::seconds limit) {
    HttpRequest request;
    request.address = action.host.empty() ? target.podIp : action.host;
    request.port = portOf(action.port, container);
    if (request.port == 0) return {Outcome::Error, "couldn't find port: " + action.port.toString()};
    request.tls = action.scheme == corev1::URISchemeHTTPS;
    request.path = action.path.empty() ? "/" : action.path;
    if (request.path.front() != '/') request.path.insert(0, "/");
    for (const corev1::HTTPHeader& header : action.httpHeaders) request.headers.emplace_back(header.name, header.value);
    for (int redirects = 0;; ++redirects) {
        const auto answer = httpGet(request, limit);
        if (!answer) return {Outcome::Failure, answer.error().message};
        const bool redirected = answer->status >= 300 && answer->status < 400;
        if (redirected && answer->location.starts_with('/') && redirects < kMostRedirects) {
            request.path = answer->location;  // the same host: the target's own page decides
            continue;
        }
        if (redirected && !answer->location.empty())
            return {Outcome::Warning, "Probe terminated redirects, Response body: " + answer->body};
        if (answer->status >= 200 && answer->status < 400) return {Outcome::Success, answer->body};
        return {Outcome::Failure, fmt::format("HTTP probe failed with statuscode: {}", answer->status)};
    }
}

ProbeAnswer fromResult(const Result<void>& result) {
    return result ? ProbeAnswer{} : ProbeAnswer{Outcome::Failure, result.error().message};
}

}  // namespace

ProbeAnswer runProbe(cri::Runtime& runtime, const corev1::Probe& probe, const corev1::Container& container,
                     const ProbeTarget& target, std::chrono::seconds limit) {
    if (probe.exec) return byExec(runtime, *probe.exec, target, limit);
    if (probe.httpGet) return byHttp(*probe.httpGet, container, target, limit);
    if (probe.tcpSocket) {
        const int port = portOf(probe.tcpSocket->port, container);
        if (port == 0) return {Outcome::Error, "couldn't find port: " + probe.tcpSocket->port.toString()};
        return fromResult(
            tcpConnect(probe.tcpSocket->host.empty() ? target.podIp : probe.tcpSocket->host, port, limit));
    }
    if (probe.grpc)
        return fromResult(grpcHealthy(target.podIp, probe.grpc->port, probe.grpc->service.value_or(""), limit));
    return {Outcome::Error, "missing probe handler for " + container.name};
}

}  // namespace qd::agent::probes
