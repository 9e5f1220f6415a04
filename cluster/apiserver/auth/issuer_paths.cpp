#include "cluster/apiserver/auth/issuer_paths.h"

#include "cluster/apiserver/status.h"

namespace qd::apiserver {
namespace {

Response published(const char* contentType, std::string body) {
    Response response = textResponse(200, std::move(body));
    response.headers.set("Content-Type", contentType);
    response.headers.set("Cache-Control", "public, max-age=3600");
    return response;
}

}  // namespace

void addIssuerPaths(ApiServer& server, const ServiceAccountIssuer& issuer, std::function<std::string()> serverUrl) {
    server.addPath("/.well-known/openid-configuration", [&issuer, serverUrl = std::move(serverUrl)](const Request&, const User&) {
        return published("application/json", issuer.discoveryDocument(serverUrl()));
    });
    server.addPath("/openid/v1/jwks", [&issuer](const Request&, const User&) {
        return published("application/jwk-set+json", issuer.keySetDocument());
    });
}

}  // namespace qd::apiserver
