// One step of one Deployment: what a sync does, from its ReplicaSets to the status.
#pragma once

#include <map>
#include <string>

#include "cluster/api/types/apps_v1.h"
#include "cluster/controllers/deployment/rollout_plan.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

class RolloutStep {
public:
    struct Parts {
        Context& context;
        Expectations& expectations;
        const client::Informer& deployments;
        const client::Informer& sets;
        const client::Informer& pods;
        const std::string& key;
    };

    // sets: all that the Deployment owns.
    RolloutStep(Parts parts, const appsv1::Deployment& deployment, ReplicaSets sets);
    Result<Outcome> run();

private:
    using Set = client::Ptr<appsv1::ReplicaSet>;

    Result<Outcome> scale();
    Result<Outcome> roll();
    Result<Outcome> recreate();
    Result<Outcome> finish();  // cleans up after a complete rollout, then writes the status of a rollout

    // Brings the newest set's annotations and the Deployment's revision up to date, where there is a newest set.
    Result<void> syncNewest();
    Result<void> ensureNewest();
    Result<Set> createNewest(std::int64_t revision);
    Result<Set> resolveCollision(const std::string& name, Error error);
    appsv1::ReplicaSet newReplicaSet(std::int64_t revision) const;
    Error reportCreateError(const std::string& name, const Error& error);

    // Returns whether any size changed.
    Result<bool> apply(const std::vector<Resize>& plan);
    Result<bool> resize(const Resize& step);
    Result<void> cleanUp();
    bool oldPodsRun() const;

    Result<Outcome> writeStatus(const appsv1::DeploymentStatus& status);
    Result<Outcome> writeRolloutStatus();
    void keep(Set set);  // in the place of an earlier version of it
    ReplicaSets all() const;
    base::WallTime now() const { return m.context.executor.clock().now(); }

    Parts m;
    appsv1::Deployment m_deployment;
    const appsv1::Deployment m_stored;
    ReplicaSets m_old;
    Set m_newest;
};

}  // namespace qd::controllers
