// Keeps the rules of aggregated ClusterRoles: `view`, `edit`, `admin` and those of extensions.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles.
#pragma once

#include <string>

#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class ClusterRoleAggregationController final : public Controller {
public:
    explicit ClusterRoleAggregationController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    // Any role may be gathered by any aggregated one.
    void addAggregated(const api::Object& because);

    Context& m_context;
    client::Informer& m_roles;
};

}  // namespace qd::controllers
