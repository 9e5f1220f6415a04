// Rolls a Deployment's template out through ReplicaSets: one a template, their sizes moved step by step.
//
// Each sync takes one step and writes the status once. A step waits until the copies show what the one before wrote.
#pragma once

#include "cluster/api/types/apps_v1.h"
#include "cluster/controllers/deployment/revision.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

class DeploymentController final : public Controller {
public:
    explicit DeploymentController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    void onReplicaSet(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void onPod(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void wakeOwner(const api::Object& set, std::uint64_t cause);
    client::Ptr<appsv1::Deployment> ownerOf(const api::Object& set) const;
    Result<Outcome> refuseToSelectAll(const std::string& key, const appsv1::Deployment& deployment);
    Result<ReplicaSets> claimSets(const std::string& key, const appsv1::Deployment& deployment);

    Context& m_context;
    client::Informer& m_deployments;
    client::Informer& m_sets;
    client::Informer& m_pods;
    Expectations m_expectations;
};

}  // namespace qd::controllers
