#include "cluster/apiserver/transport/forward.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cluster/apiserver/transport/forwarding.h"
#include "cluster/apiserver/transport/messages.h"

namespace qd::apiserver {
namespace {

// Who the client is and how it speaks to us is no business of the other server.
bool isPassedOn(const Request& client, const std::string& name) {
    static constexpr std::array<std::string_view, 11> kOurs{"authorization",
                                                            "accept-encoding",
                                                            "content-length",
                                                            "expect",
                                                            "host",
                                                            "proxy-authenticate",
                                                            "te",
                                                            "trailer",
                                                            "x-forwarded-for",
                                                            "proxy-authorization",
                                                            "quarterdeck-cause"};
    const auto equals = [&](std::string_view ours) { return http::equalIgnoringCase(name, ours); };
    if (isConnectionField(name) || std::ranges::any_of(kOurs, equals)) return false;
    constexpr std::string_view kImpersonate = "impersonate-";
    if (http::equalIgnoringCase(std::string_view(name).substr(0, kImpersonate.size()), kImpersonate)) return false;
    return !client.headers.hasToken("Connection", name);
}

std::string wireOf(const Request& client, const ForwardRequest& request) {
    const std::string_view host = client.headers.get("Host");
    std::string wire = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", client.method, request.target,
                                   host.empty() ? std::string_view(request.address) : host);
    for (const auto& [name, value] : client.headers) {
        if (isPassedOn(client, name)) wire += fmt::format("{}: {}\r\n", name, value);
    }
    const std::string_view before = client.headers.get("X-Forwarded-For");
    wire += fmt::format("X-Forwarded-For: {}{}{}\r\n", before, before.empty() ? "" : ", ", client.remoteAddress);
    if (request.upgrade) {
        wire += fmt::format("Connection: Upgrade\r\nUpgrade: {}\r\n", client.headers.get("Upgrade"));
    } else {
        wire += "Connection: close\r\n";
    }
    const bool usuallyWithBody = client.method == "POST" || client.method == "PUT" || client.method == "PATCH";
    if (!client.body.empty() || (usuallyWithBody && !request.upgrade))
        wire += fmt::format("Content-Length: {}\r\n", client.body.size());
    return wire + "\r\n" + client.body;
}

}  // namespace

struct Forwarder::State {
    http::IoThreads io{"forward", 1};
    std::shared_ptr<http::asio::ssl::context> agents;
    std::shared_ptr<http::asio::ssl::context> unverified;

    std::unique_ptr<BackendStream> open(const http::IoStrand& strand, const ForwardRequest& request) const {
        switch (request.security) {
            case ForwardRequest::Security::Plain:
                return plainBackend(strand);
            case ForwardRequest::Security::UnverifiedTls:
                return tlsBackend(strand, unverified, "");
            case ForwardRequest::Security::NodeAgent:
                break;
        }
        return tlsBackend(strand, agents, request.address);
    }
};

Forwarder::Forwarder(std::unique_ptr<State> state) : m_state(std::move(state)) {}
Forwarder::~Forwarder() {
    m_state->io.stop();
}

Result<std::unique_ptr<Forwarder>> Forwarder::create(const AgentCredentials& credentials) {
    auto state = std::make_unique<State>();
    auto agents = makeBackendTls(credentials.authoritiesPem, credentials.certificatePem, credentials.keyPem);
    if (!agents) return fail(std::move(agents.error()));
    state->agents = std::move(*agents);
    state->unverified = *makeBackendTls("", "", "");
    return std::unique_ptr<Forwarder>(new Forwarder(std::move(state)));
}

Response Forwarder::forward(const Request& client, ForwardRequest request) {
    Response response;
    response.gate = [state = m_state.get(), wire = wireOf(client, request), request = std::move(request),
                     upgradeTo = std::string(client.headers.get("Upgrade")),
                     head = client.method == "HEAD"](Release release) mutable {
        const auto& context = state->io.shared();
        http::IoStrand strand(context->get_executor());
        auto stream = state->open(strand, request);
        auto forwarding = std::make_shared<Forwarding>(context, strand, std::move(stream), std::move(request),
                                                       std::move(wire), std::move(upgradeTo), head, std::move(release));
        http::asio::post(strand, [forwarding] { forwarding->start(); });
    };
    return response;
}

}  // namespace qd::apiserver
