// Role-based access control over the Roles and bindings in the store.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
#pragma once

#include "cluster/api/types/rbac_v1.h"
#include "cluster/apiserver/admission/admission.h"
#include "cluster/apiserver/auth/authorizer.h"

namespace qd::apiserver {

class RbacAuthorizer final : public Authorizer {
public:
    explicit RbacAuthorizer(const Reader& reader) : m_reader(reader) {}
    Verdict authorize(const AuthorizationAttributes& attributes) const override;

    // All rules that the user has in a namespace ("" = at the cluster scope).
    std::vector<rbacv1::PolicyRule> rulesFor(const User& user, const std::string& ns) const;

private:
    const Reader& m_reader;
};

// Whether one rule allows what is asked.
bool ruleAllows(const rbacv1::PolicyRule& rule, const AuthorizationAttributes& asked);
// Whether a binding's subject is this user.
bool isSubject(const rbacv1::Subject& subject, const User& user, const std::string& bindingNamespace);

// system:masters may do everything, before anybody else is asked.
class MastersAuthorizer final : public Authorizer {
public:
    Verdict authorize(const AuthorizationAttributes& attributes) const override {
        return {attributes.user->isIn(kMastersGroup) ? Decision::Allow : Decision::NoOpinion, ""};
    }
};

// Asks one after another until one decides.
class UnionAuthorizer final : public Authorizer {
public:
    explicit UnionAuthorizer(std::vector<std::unique_ptr<Authorizer>> members) : m_members(std::move(members)) {}
    Verdict authorize(const AuthorizationAttributes& attributes) const override;

private:
    std::vector<std::unique_ptr<Authorizer>> m_members;
};

}  // namespace qd::apiserver
