#include "cluster/controllers/deployment/deployment_controller.h"

#include "cluster/api/meta/selectors.h"
#include "cluster/controllers/deployment/rollout_step.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

api::LabelSelector selectorOf(const appsv1::Deployment& deployment) {
    if (!deployment.spec.selector) return api::LabelSelector::nothing();
    return api::LabelSelector::from(*deployment.spec.selector).value_or(api::LabelSelector::nothing());
}

}  // namespace

DeploymentController::DeploymentController(Context& context)
    : m_context(context),
      m_deployments(context.informers.informer(client::resourceOf<appsv1::Deployment>())),
      m_sets(context.informers.informer(client::resourceOf<appsv1::ReplicaSet>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())) {
    addControllerIndex(m_sets);
    addControllerIndex(m_pods);
    m_deployments.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old); });
    m_sets.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onReplicaSet(old, now); });
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onPod(old, now); });
}

client::Ptr<appsv1::Deployment> DeploymentController::ownerOf(const api::Object& set) const {
    const auto* reference = controllerOf(set);
    if (!reference || reference->kind != "Deployment") return nullptr;
    const auto owner = m_deployments.get(set.metadata.namespace_, reference->name);
    if (!owner || owner->metadata.uid != reference->uid) return nullptr;
    return client::as<appsv1::Deployment>(owner);
}

void DeploymentController::wakeOwner(const api::Object& set, std::uint64_t cause) {
    if (const auto owner = ownerOf(set)) m_context.keys.add(keyOf(*owner), cause);
}

void DeploymentController::onReplicaSet(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const std::uint64_t cause = revisionOf(now ? *now : *old);
    if (old) wakeOwner(*old, cause);
    if (!now) return;
    if (controllerOf(*now)) return wakeOwner(*now, cause);
    if (now->metadata.deletionTimestamp) return;
    // An orphan: whoever selects it may adopt it.
    for (const auto& deployment : client::Lister<appsv1::Deployment>(m_deployments).list(now->metadata.namespace_)) {
        const auto selector = selectorOf(*deployment);
        if (!selector.empty() && selector.matches(now->metadata.labels)) m_context.keys.add(keyOf(*deployment), cause);
    }
}

// Recreate waits for the last old Pod to go, which shows nowhere else.
void DeploymentController::onPod(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (now) return;
    const auto* reference = controllerOf(*old);
    if (!reference || reference->kind != "ReplicaSet") return;
    const auto set = m_sets.get(old->metadata.namespace_, reference->name);
    if (!set || set->metadata.uid != reference->uid) return;
    const auto owner = ownerOf(*set);
    if (owner && owner->spec.strategy.type == appsv1::RecreateDeploymentStrategyType) m_context.keys.add(keyOf(*owner), *old);
}

Result<Outcome> DeploymentController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto deployment = client::Lister<appsv1::Deployment>(m_deployments).get(ns, name);
    if (!deployment) {
        m_expectations.forget(key);
        return Outcome{};
    }
    if (!m_expectations.fulfilled(key)) return Outcome{kLookAgain};
    if (deployment->spec.selector && *deployment->spec.selector == metav1::LabelSelector{}) return refuseToSelectAll(key, *deployment);

    auto sets = claimSets(key, *deployment);
    if (!sets) return fail(sets.error());
    RolloutStep step({m_context, m_expectations, m_deployments, m_sets, m_pods, key}, *deployment, std::move(*sets));
    return step.run();
}

Result<Outcome> DeploymentController::refuseToSelectAll(const std::string& key, const appsv1::Deployment& deployment) {
    m_context.events.event(deployment, "Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
    if (deployment.status.observedGeneration >= deployment.metadata.generation) return Outcome{};
    appsv1::Deployment changed = deployment;
    changed.status.observedGeneration = deployment.metadata.generation;
    const auto written = client::Api<appsv1::Deployment>(m_context.client).updateStatus(changed, controllerWrite());
    if (!written) return fail(written.error());
    m_expectations.wrote(key, m_deployments, **written);
    return Outcome{};
}

Result<ReplicaSets> DeploymentController::claimSets(const std::string& key, const appsv1::Deployment& deployment) {
    const auto selector = selectorOf(deployment);
    auto candidates = controlledBy(m_sets, deployment);
    for (auto& orphan : orphansIn(m_sets, deployment.metadata.namespace_)) candidates.push_back(std::move(orphan));
    Claimer claimer(m_context.client, m_deployments.resource(), deployment, m_sets.resource());
    ReplicaSets claimed;
    std::optional<Error> failure;
    for (const auto& candidate : candidates) {
        auto answer = claimer.claim(*candidate, selector.matches(candidate->metadata.labels));
        if (!answer) {
            failure = std::move(answer.error());
            continue;
        }
        if (answer->written) m_expectations.wrote(key, m_sets, *answer->written);
        if (answer->claimed) claimed.push_back(client::as<appsv1::ReplicaSet>(answer->written ? answer->written : candidate));
    }
    if (failure) return fail(std::move(*failure));
    return claimed;
}

}  // namespace qd::controllers
