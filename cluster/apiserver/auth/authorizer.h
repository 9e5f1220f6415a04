// May this user do this? Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/.
#pragma once

#include <string>

#include "cluster/apiserver/auth/user.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

// What is asked for, as RBAC rules speak of it.
struct AuthorizationAttributes {
    const User* user = nullptr;
    std::string verb;
    bool isResource = true;
    std::string group;
    std::string version;
    std::string resource;
    std::string subresource;
    std::string namespace_;
    std::string name;
    std::string path;  // for other than resources
    std::string fieldSelector;
    std::string labelSelector;
};

enum class Decision { Allow, Deny, NoOpinion };

struct Verdict {
    Decision decision = Decision::NoOpinion;
    std::string reason;
};

class Authorizer {
public:
    virtual ~Authorizer() = default;
    virtual Verdict authorize(const AuthorizationAttributes& attributes) const = 0;
};

// How the API server says no: `pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace
// "y": reason`.
Error forbiddenError(const AuthorizationAttributes& asked, const std::string& reason);

}  // namespace qd::apiserver
