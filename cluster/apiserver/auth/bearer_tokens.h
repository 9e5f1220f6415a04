// Bearer tokens: `Authorization: Bearer TOKEN`, or, for WebSockets from browsers, the subprotocol
// base64url.bearer.authorization.k8s.io.TOKEN.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/apiserver/auth/authenticator.h"

namespace qd::apiserver {

struct TokenIdentity {
    User user;
    std::vector<std::string> audiences;  // for which of the wanted ones the token is good
};

// One kind of token: those of a file, those of service accounts.
class TokenSource {
public:
    virtual ~TokenSource() = default;
    // nullopt: not a token of this kind. `audiences`: one of which it must be good for.
    virtual Result<std::optional<TokenIdentity>> identify(std::string_view token,
                                                          const std::vector<std::string>& audiences) const = 0;
};

// Thread-safe when its sources are.
class BearerAuthenticator final : public Authenticator {
public:
    // audiences: the API server's own.
    BearerAuthenticator(std::vector<std::unique_ptr<TokenSource>> sources, std::vector<std::string> audiences)
        : m_sources(std::move(sources)), m_audiences(std::move(audiences)) {}

    Result<std::optional<User>> authenticate(const Request& request) const override;
    // Unauthorized "invalid bearer token", or what is wrong with it, unless some source knows the token.
    Result<TokenIdentity> identify(std::string_view token, const std::vector<std::string>& audiences) const;
    const std::vector<std::string>& audiences() const { return m_audiences; }

private:
    std::vector<std::unique_ptr<TokenSource>> m_sources;
    std::vector<std::string> m_audiences;
};

// The token in an Authorization header's value; nullopt when there is none.
std::optional<std::string> bearerToken(std::string_view authorization);

}  // namespace qd::apiserver
