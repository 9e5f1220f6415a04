// Keeps the number of Pods that a ReplicaSet asks for.
//
// Pods are counted from the informer's copy; after creating or deleting some, nothing is decided for that ReplicaSet until
// the copy shows what was done (runtime/expectations.h), so that no Pod is ever made twice.
//
// ReplicationControllers work alike: `ReplicaKind` says what differs.
#pragma once

#include <functional>

#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/replicaset/replicaset_status.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

// A kind that is reconciled as a ReplicaSet.
struct ReplicaKind {
    client::ResourceName resource;
    // The object seen as a ReplicaSet; the same object when it is one.
    std::function<client::Ptr<appsv1::ReplicaSet>(const api::ObjectPtr&)> seenAsReplicaSet;
    // A copy of the object with this status.
    std::function<std::unique_ptr<api::Object>(const api::Object&, const appsv1::ReplicaSetStatus&)> withStatus;
    bool reportsTerminating = true;
};

ReplicaKind replicaSetKind();

class ReplicaSetController final : public Controller {
public:
    ReplicaSetController(Context& context, ReplicaKind kind);
    Result<Outcome> sync(const std::string& key) override;

private:
    void onPod(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void wakeOwner(const api::Object& pod, std::uint64_t cause);
    void wakeAdopters(const api::Object& pod);
    client::Ptr<appsv1::ReplicaSet> ownerOf(const api::Object& pod) const;

    Result<Pods> claimPods(const std::string& key, const api::Object& owner, const api::LabelSelector& selector);
    Pods relatedPods(const api::Object& owner) const;
    // The reason for a failure, "" when all went well.
    std::string manage(const std::string& key, const api::Object& owner, const appsv1::ReplicaSet& set, const Pods& active);
    std::string createPods(const std::string& key, const api::Object& owner, const appsv1::ReplicaSet& set, int count);
    std::string removePods(const std::string& key, const api::Object& owner, const Pods& pods);
    client::Ptr<corev1::Pod> newest(const corev1::Pod& pod);
    Result<void> writeStatus(const std::string& key, const api::Object& owner, const appsv1::ReplicaSet& set, const appsv1::ReplicaSetStatus& status);

    Context& m_context;
    const ReplicaKind m_kind;
    client::Informer& m_owners;
    client::Informer& m_pods;
    PodControl m_podControl;
    Expectations m_expectations;
};

}  // namespace qd::controllers
