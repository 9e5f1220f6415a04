#include "cluster/apiserver/auth/bearer_tokens.h"

#include "cluster/base/pki/token.h"

namespace qd::apiserver {
namespace {

constexpr std::string_view kWebSocketPrefix = "base64url.bearer.authorization.k8s.io.";

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<std::string> webSocketToken(const Request& request) {
    if (!wantsUpgrade(request, "websocket")) return std::nullopt;
    for (const auto protocol : offeredSubprotocols(request)) {
        if (!protocol.starts_with(kWebSocketPrefix)) continue;
        if (auto token = pki::base64UrlDecode(protocol.substr(kWebSocketPrefix.size())); token && !token->empty()) {
            return std::move(*token);
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> bearerToken(std::string_view authorization) {
    const std::string_view header = trimmed(authorization);
    const auto space = header.find(' ');
    if (space == std::string_view::npos || !http::equalIgnoringCase(header.substr(0, space), "bearer")) return std::nullopt;
    const std::string_view rest = header.substr(space + 1);
    const std::string_view token = rest.substr(0, rest.find(' '));
    if (token.empty()) return std::nullopt;
    return std::string(token);
}

Result<TokenIdentity> BearerAuthenticator::identify(std::string_view token,
                                                    const std::vector<std::string>& audiences) const {
    Error error{Reason::Unauthorized, "invalid bearer token"};
    for (const auto& source : m_sources) {
        auto identity = source->identify(token, audiences);
        if (!identity) {
            error.message = "[invalid bearer token, " + identity.error().message + "]";
        } else if (*identity) {
            return std::move(**identity);
        }
    }
    return fail(std::move(error));
}

Result<std::optional<User>> BearerAuthenticator::authenticate(const Request& request) const {
    auto token = bearerToken(request.headers.get("Authorization"));
    if (!token) token = webSocketToken(request);
    if (!token) return std::optional<User>{};
    auto identity = identify(*token, m_audiences);
    if (!identity) return fail(std::move(identity.error()));
    return std::optional(std::move(identity->user));
}

}  // namespace qd::apiserver
