#include "cluster/apiserver/subresources/proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cluster/api/meta/ip.h"
#include "cluster/apiserver/status.h"
#include "cluster/apiserver/subresources/node_agent.h"

namespace qd::apiserver {
namespace {

std::optional<std::uint16_t> numberIn(const std::string& text) {
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number == 0) return std::nullopt;
    return number;
}

// The API server must not be talked into speaking to itself or its host.
bool mayBeProxied(const std::string& text) {
    const auto address = api::IpAddress::parse(text);
    return address && !address->isUnspecified() && !address->isLoopback() && !address->isLinkLocalUnicast() &&
           !address->isLinkLocalMulticast();
}

Result<ForwardRequest> toAddress(const std::string& address, std::uint16_t port, const std::string& scheme) {
    if (!mayBeProxied(address)) return fail(Reason::BadRequest, "address not allowed");
    ForwardRequest request;
    request.address = address;
    request.port = port;
    request.security = scheme == "https" ? ForwardRequest::Security::UnverifiedTls : ForwardRequest::Security::Plain;
    return request;
}

std::uint16_t usualPort(const std::string& scheme) {
    return scheme == "https" ? 443 : 80;
}

Error noEndpoints(const std::string& service) {
    return {Reason::ServiceUnavailable, fmt::format("no endpoints available for service \"{}\"", service)};
}

// The path up to ".../proxy" and what follows it, both as the client escaped them.
std::pair<std::string, std::string> cutAtProxy(const std::string& rawPath) {
    // /api/v1/[namespaces/x/]resource/name/proxy/...: a name may itself be "proxy", so segments are counted.
    const bool namespaced = rawPath.find("/namespaces/") == std::string("/api/v1").size();
    std::size_t at = 0;
    for (int segment = 0; segment < (namespaced ? 7 : 5) && at != std::string::npos; ++segment)
        at = rawPath.find('/', at + 1);
    if (at == std::string::npos) return {rawPath, ""};
    return {rawPath.substr(0, at), rawPath.substr(at)};
}

// Redirects of the other server lead back through the proxy.
void rewriteLocation(Headers& headers, const std::string& prefix, const std::string& authority) {
    const std::string* location = headers.find("Location");
    if (!location) return;
    std::string path = *location;
    for (const std::string scheme : {"http://", "https://"}) {
        if (!path.starts_with(scheme)) continue;
        if (path.compare(scheme.size(), authority.size(), authority) != 0) return;  // elsewhere
        path.erase(0, scheme.size() + authority.size());
    }
    if (path.starts_with('/') && !path.starts_with(prefix + "/")) headers.set("Location", prefix + path);
}

Response redirectTo(const std::string& location) {
    Response response;
    response.code = 301;
    response.headers = {{"Location", location}};
    return response;
}

}  // namespace

std::optional<ProxyHandler::Named> ProxyHandler::split(const std::string& id) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= id.size();) {
        const auto colon = std::min(id.find(':', at), id.size());
        parts.push_back(id.substr(at, colon - at));
        at = colon + 1;
    }
    Named named;
    if (parts.size() == 1) {
        named.name = parts[0];
    } else if (parts.size() == 2) {
        named.name = parts[0];
        named.port = parts[1];
    } else if (parts.size() == 3) {
        named = {parts[0], parts[1], parts[2]};
    } else {
        return std::nullopt;
    }
    const bool knownScheme = named.scheme.empty() || named.scheme == "http" || named.scheme == "https";
    if (named.name.empty() || !knownScheme) return std::nullopt;
    return named;
}

Result<ForwardRequest> ProxyHandler::locatePod(const std::string& ns, const Named& named) const {
    const auto pod = podOf(m_server.verbs(), ns, named.name);
    if (!pod) return fail(pod.error());
    const auto& status = (*pod)->status;
    const std::string address = status.podIPs.empty() ? status.podIP : status.podIPs.front().ip;
    std::uint16_t port = usualPort(named.scheme);
    if (!named.port.empty()) {
        const auto number = numberIn(named.port);
        if (!number)
            return fail(Reason::BadRequest, fmt::format("invalid pod request \"{}:{}\"", named.name, named.port));
        port = *number;
    } else {
        for (const auto& container : (*pod)->spec.containers) {
            if (container.ports.empty()) continue;
            port = static_cast<std::uint16_t>(container.ports.front().containerPort);
            break;
        }
    }
    return toAddress(address, port, named.scheme);
}

Result<ForwardRequest> ProxyHandler::locateService(const std::string& ns, const std::string& id, Named named) const {
    const Verbs& verbs = m_server.verbs();
    if (const auto number = numberIn(named.port)) {
        const auto found = verbs.get(Target{api::builtinKind("", "v1", "Service"), ns, named.name, ""});
        if (!found) return fail(found.error());
        const auto& ports = static_cast<const corev1::Service&>(**found).spec.ports;
        const auto port =
            std::find_if(ports.begin(), ports.end(), [&](const auto& each) { return each.port == *number; });
        if (port == ports.end())
            return fail(Reason::ServiceUnavailable,
                        fmt::format("no service port {} found for service \"{}\"", *number, named.name));
        named.port = port->name;
    }
    const auto found = verbs.get(Target{api::builtinKind("", "v1", "Endpoints"), ns, named.name, ""});
    if (!found) return fail(found.error());
    const auto& subsets = static_cast<const corev1::Endpoints&>(**found).subsets;
    if (subsets.empty()) return fail(noEndpoints(named.name));
    const std::size_t seed = m_random.below(subsets.size());
    for (std::size_t s = 0; s < subsets.size(); ++s) {
        const auto& subset = subsets[(seed + s) % subsets.size()];
        const auto port = std::find_if(subset.ports.begin(), subset.ports.end(),
                                       [&](const auto& each) { return each.name == named.port; });
        if (port == subset.ports.end() || subset.addresses.empty()) continue;
        const std::size_t first = m_random.below(subset.addresses.size());
        for (std::size_t a = 0; a < subset.addresses.size(); ++a) {
            const auto& address = subset.addresses[(first + a) % subset.addresses.size()];
            // Only what a Pod has; whoever may write Endpoints could name anything.
            if (!address.targetRef || address.targetRef->namespace_ != ns) continue;
            const auto pod = podOf(verbs, ns, address.targetRef->name);
            const auto has = [&](const auto& each) { return each.ip == address.ip; };
            if (pod && std::any_of((*pod)->status.podIPs.begin(), (*pod)->status.podIPs.end(), has)) {
                return toAddress(address.ip, static_cast<std::uint16_t>(port->port), named.scheme);
            }
        }
    }
    return fail(noEndpoints(id));
}

Result<ForwardRequest> ProxyHandler::locateNode(const Named& named) const {
    const auto agent = agentOf(m_server.verbs(), named.name);
    if (!agent) return fail(agent.error());
    if (named.port.empty() || named.port == std::to_string(agent->port)) return toAgent(*agent, "");
    const auto number = numberIn(named.port);
    if (!number) return fail(Reason::BadRequest, fmt::format("invalid node request \"{}:{}\"", named.name, named.port));
    return toAddress(agent->address, *number, named.scheme);
}

Result<ForwardRequest> ProxyHandler::locate(const Exchange& exchange) const {
    const std::string& id = exchange.info.name;
    const auto named = split(id);
    const char* what = m_to == To::Pod ? "pod" : m_to == To::Service ? "service" : "node";
    if (!named) return fail(Reason::BadRequest, fmt::format("invalid {} request \"{}\"", what, id));
    if (m_to == To::Pod) return locatePod(exchange.info.namespace_, *named);
    if (m_to == To::Service) return locateService(exchange.info.namespace_, id, *named);
    return locateNode(*named);
}

Response ProxyHandler::handle(const Exchange& exchange) {
    const Request& client = exchange.request;
    auto request = locate(exchange);
    if (!request) return errorResponse(request.error());
    const auto [prefix, path] = cutAtProxy(client.rawPath);
    const std::string query = client.rawQuery.empty() ? "" : "?" + client.rawQuery;
    request->upgrade = client.headers.hasToken("Connection", "upgrade");
    if (path.empty() && !request->upgrade && (client.method == "GET" || client.method == "HEAD"))
        return redirectTo(prefix + "/" + query);
    request->target = (path.empty() ? "/" : path) + query;
    const bool upgrade = request->upgrade;
    request->unreachable = [upgrade](const std::string& why) {
        if (upgrade) return errorResponse(withoutReason("error dialing backend: " + why));
        return errorResponse({Reason::ServiceUnavailable, "error trying to reach service: " + why});
    };
    request->answered = [prefix, authority = fmt::format("{}:{}", request->address, request->port)](Headers& headers) {
        rewriteLocation(headers, prefix, authority);
    };
    return m_forwarder.forward(client, std::move(*request));
}

}  // namespace qd::apiserver
