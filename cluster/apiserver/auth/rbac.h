// Role-based access control over the Roles and bindings in the store.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
//
// Bindings are looked up by their subjects in an index, a namespace at a time. It is made anew at the first question after one
// of the RBAC objects has changed: a write that was answered counts at once. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cluster/apiserver/auth/rbac_rules.h"
#include "cluster/store/store.h"

namespace qd::apiserver {

class RbacIndex;

class RbacAuthorizer final : public Authorizer {
public:
    explicit RbacAuthorizer(const store::Store& store);
    ~RbacAuthorizer() override;
    Verdict authorize(const AuthorizationAttributes& attributes) const override;

    // All rules that the user has in a namespace ("" = at the cluster scope). `missing` is told of roles that bindings
    // name and that are not there.
    std::vector<rbacv1::PolicyRule> rulesFor(const User& user, const std::string& ns,
                                             std::vector<std::string>* missing = nullptr) const;
    // The rules of the role that a binding names. NotFound when there is none.
    Result<std::vector<rbacv1::PolicyRule>> rulesOf(const rbacv1::RoleRef& ref, const std::string& ns) const;

private:
    std::shared_ptr<const RbacIndex> index() const;

    const store::Store& m_store;
    mutable std::mutex m_mutex;
    mutable std::shared_ptr<const RbacIndex> m_index;
};

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
