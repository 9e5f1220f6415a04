// Keeps the status of PodDisruptionBudgets, by which evictions are allowed or refused.
// Source: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/ and
// https://kubernetes.io/docs/tasks/run-application/configure-pdb/.
#pragma once

#include <map>

#include "cluster/api/types/policy_v1.h"
#include "cluster/controllers/replicaset/replica_plan.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/resources.h"

namespace qd::controllers {

// What a budget comes to. Pure.
struct BudgetObservation {
    Pods pods;               // that it covers
    std::int32_t scale = 0;  // the sum of what their controllers ask for; where the budget needs it
    base::WallTime now{};
};
// Whether the number of Pods must be known from their controllers: for anything but a plain minAvailable.
bool needsScale(const policyv1::PodDisruptionBudgetSpec& spec);
// The new status; recheck: when an eviction counts as forgotten.
struct BudgetStatus {
    policyv1::PodDisruptionBudgetStatus status;
    std::optional<base::Duration> recheck;
    Pods notDeleted;  // were evicted long ago and are there still
};
BudgetStatus budgetStatus(const policyv1::PodDisruptionBudget& budget, const BudgetObservation& observed);

class DisruptionController final : public Controller {
public:
    // resources: where controllers of other kinds are found, whose scale is asked for.
    DisruptionController(Context& context, ResourceList resources);
    // The key of a budget; or, after '~', that of a Pod whose eviction may have come to nothing.
    Result<Outcome> sync(const std::string& key) override;

private:
    using Budget = policyv1::PodDisruptionBudget;

    void onPod(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void wakeBudgets(const api::Object& pod, std::uint64_t cause);
    void onController(const api::ObjectPtr& old, const api::ObjectPtr& now);
    Result<base::Duration> trySync(const Budget& budget);
    Result<std::int32_t> scaleOf(const Budget& budget, const Pods& pods);
    Result<std::int32_t> scaleOfController(const metav1::OwnerReference& reference, const std::string& ns,
                                           const std::string& pod, std::string& uid);
    Result<std::int32_t> otherScale(const metav1::OwnerReference& reference, const std::string& ns,
                                    const std::string& pod);
    Result<void> write(const Budget& budget, policyv1::PodDisruptionBudgetStatus status);
    Result<Outcome> syncStale(const std::string& podKey);

    Context& m_context;
    ResourceList m_resources;
    client::Informer& m_budgets;
    client::Informer& m_pods;
    client::Informer& m_replicaSets;
    client::Informer& m_deployments;
    client::Informer& m_statefulSets;
    client::Informer& m_replicationControllers;
};

}  // namespace qd::controllers
