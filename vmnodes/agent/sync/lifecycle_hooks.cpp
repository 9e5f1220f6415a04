#include "vmnodes/agent/sync/lifecycle_hooks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "vmnodes/agent/probes/http_get.h"

namespace qd::agent::sync {
namespace {

Result<void> runExec(cri::Runtime& runtime, const std::string& containerId, const corev1::ExecAction& action,
                     std::chrono::seconds limit) {
    auto result = runtime.execSync(containerId, action.command, limit);
    if (!result) return fail(result.error());
    if (result->exitCode == 0) return {};
    return fail(Reason::InternalError, fmt::format("command '{}' exited with {}: {}", fmt::join(action.command, " "),
                                                   result->exitCode, result->standardError));
}

Result<void> runHttp(const corev1::HTTPGetAction& action, const corev1::Container& container, const std::string& podIp,
                     std::chrono::seconds limit) {
    probes::HttpRequest request;
    request.address = action.host.empty() ? podIp : action.host;
    request.port = resolvePort(action.port, container);
    if (request.port == 0 && action.port.toString().empty()) request.port = 80;
    request.tls = action.scheme == corev1::URISchemeHTTPS;
    request.path = action.path.empty() ? "/" : action.path;
    request.userAgent = "kube-lifecycle/1.36";
    for (const corev1::HTTPHeader& header : action.httpHeaders) request.headers.emplace_back(header.name, header.value);
    const auto answer = probes::httpGet(request, limit);
    if (!answer) return fail(answer.error());
    return {};  // any answer will do
}

}  // namespace

int resolvePort(const api::IntOrString& port, const corev1::Container& container) {
    if (!port.isString) return port.number;
    const auto found = std::ranges::find(container.ports, port.text, &corev1::ContainerPort::name);
    if (found != container.ports.end()) return found->containerPort;
    try {
        return std::stoi(port.text);
    } catch (const std::exception&) {
        return 0;
    }
}

Result<void> runHook(cri::Runtime& runtime, const std::string& containerId, const corev1::Container& container,
                     const corev1::LifecycleHandler& hook, const std::string& podIp, std::chrono::seconds limit) {
    if (hook.exec) return runExec(runtime, containerId, *hook.exec, limit);
    if (hook.httpGet) return runHttp(*hook.httpGet, container, podIp, limit);
    return {};
}

}  // namespace qd::agent::sync
