// /.well-known/openid-configuration and /openid/v1/jwks: how others verify the cluster's service account tokens.
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
#pragma once

#include <functional>
#include <string>

#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/auth/service_account_tokens.h"

namespace qd::apiserver {

// The issuer outlives the server. serverUrl: where the server can be reached, e.g. https://127.0.0.1:6443; asked at each
// request.
void addIssuerPaths(ApiServer& server, const ServiceAccountIssuer& issuer, std::function<std::string()> serverUrl);

}  // namespace qd::apiserver
