// Runs one Pod of a DaemonSet on each node where it belongs.
#pragma once

#include <map>
#include <mutex>

#include "cluster/controllers/daemonset/daemon_pods.h"
#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/revisions/revision_history.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

class DaemonSetController final : public Controller {
public:
    explicit DaemonSetController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    using Set = appsv1::DaemonSet;
    struct Failures {
        base::Duration wait{};
        base::SteadyTime last{};
    };

    void onOwned(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void wakeOwner(const api::Object& owned, std::uint64_t cause);
    void onNode(const api::ObjectPtr& old, const api::ObjectPtr& now);
    Result<Outcome> syncSet(const std::string& key, const Set& set);
    Result<void> trimHistory(const std::string& key, const Set& set, const appsv1::ControllerRevision& current,
                             const Revisions& revisions, const Pods& pods);
    Result<Pods> claimPods(const std::string& key, const Set& set);
    DaemonObservation observe(const Set& set, const std::string& hash, const Pods& pods) const;
    Result<void> carryOut(const std::string& key, const DaemonObservation& observed, const DaemonPlan& plan);
    // How long the failed Pod of a node is still to be left; removing it counts as one more.
    base::Duration failureWait(const Set& set, const std::string& node);
    Result<void> writeStatus(const std::string& key, const Set& set, appsv1::DaemonSetStatus status);

    Context& m_context;
    client::Informer& m_sets;
    client::Informer& m_pods;
    client::Informer& m_nodes;
    client::Informer& m_revisions;
    Expectations m_expectations;
    RevisionHistory m_history;
    PodControl m_podControl;
    std::mutex m_mutex;
    std::map<std::string, Failures> m_failures;  // by set, generation and node; guarded by m_mutex
};

}  // namespace qd::controllers
