// Runs Pods that keep their names and their claims.
#pragma once

#include "cluster/controllers/replicaset/replica_plan.h"
#include "cluster/controllers/revisions/revision_history.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"
#include "cluster/controllers/statefulset/stateful_sync.h"

namespace qd::controllers {

class StatefulSetController final : public Controller {
public:
    explicit StatefulSetController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    using Set = appsv1::StatefulSet;
    struct Versions {
        Revisions known;
        RevisionPtr current, update;
        std::optional<std::int32_t> collisions;
    };

    void onPod(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void wakeOwner(const api::Object& pod, std::uint64_t cause);
    Result<Outcome> syncSet(const std::string& key, const Set& set);
    Result<Pods> claimPods(const std::string& key, const Set& set);
    Result<Versions> versionsOf(const std::string& key, const Set& set);
    Result<void> trimHistory(const std::string& key, const Set& set, const Versions& versions, const Pods& pods);
    Result<void> writeStatus(const std::string& key, const Set& set, appsv1::StatefulSetStatus status);

    Context& m_context;
    client::Informer& m_sets;
    client::Informer& m_pods;
    client::Informer& m_claims;
    client::Informer& m_revisions;
    Expectations m_expectations;
    RevisionHistory m_history;
};

}  // namespace qd::controllers
