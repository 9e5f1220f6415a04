// Nobody gives away, by writing roles and bindings, what he does not have himself: the rules of a written role, or of the
// role that a binding names, must be covered by the writer's own, unless he may `escalate` roles or `bind` that role.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping.
//
// Upstream does this where it stores the objects, after all plugins that change them: it is the last of those.
#pragma once

#include "cluster/apiserver/admission/admission.h"
#include "cluster/apiserver/auth/rbac.h"

namespace qd::apiserver {

class RbacEscalation final : public AdmissionPlugin {
public:
    // Both outlive it.
    RbacEscalation(const Authorizer& authorizer, const RbacAuthorizer& rbac) : m_authorizer(authorizer), m_rbac(rbac) {}
    const char* name() const override { return "RbacEscalation"; }
    Result<void> mutate(AdmissionRequest& request, const Reader& reader) const override;

private:
    Result<void> checkRole(const AdmissionRequest& request) const;
    Result<void> checkBinding(const AdmissionRequest& request) const;
    Result<void> covered(const AdmissionRequest& request, const std::vector<rbacv1::PolicyRule>& rules) const;
    bool may(const AdmissionRequest& request, const char* verb, const std::string& group, const std::string& resource, const std::string& name) const;

    const Authorizer& m_authorizer;
    const RbacAuthorizer& m_rbac;
};

}  // namespace qd::apiserver
