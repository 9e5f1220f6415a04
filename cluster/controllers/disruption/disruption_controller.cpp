#include "cluster/controllers/disruption/disruption_controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/autoscaling_v1.h"
#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/pods/share.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kStale[] = "~";
constexpr char kAllowed[] = "DisruptionAllowed";
constexpr base::Duration kDeletion = std::chrono::minutes(2);  // from an eviction until the Pod is to be going
constexpr base::Duration kStaleCondition = std::chrono::minutes(2);

std::optional<api::LabelSelector> selectorOf(const policyv1::PodDisruptionBudget& budget) {
    if (!budget.spec.selector) return api::LabelSelector::nothing();
    const auto selector = api::LabelSelector::from(*budget.spec.selector);
    return selector ? std::optional(*selector) : std::nullopt;
}

void setAllowed(policyv1::PodDisruptionBudgetStatus& status, bool allowed, const std::string& reason,
                const std::string& message, base::WallTime now) {
    auto found = std::ranges::find(status.conditions, kAllowed, &metav1::Condition::type);
    if (found == status.conditions.end()) {
        status.conditions.emplace_back().type = kAllowed;
        found = status.conditions.end() - 1;
    }
    const std::string value = allowed ? corev1::ConditionTrue : corev1::ConditionFalse;
    if (found->status != value) found->lastTransitionTime = api::Time(now);
    found->status = value;
    found->reason = reason;
    found->message = message;
    found->observedGeneration = status.observedGeneration;
}

const corev1::PodCondition* liveDisruption(const corev1::Pod& pod) {
    if (pod.metadata.deletionTimestamp || isFinished(pod)) return nullptr;
    const auto* condition = podCondition(pod.status, "DisruptionTarget");
    const bool stands =
        condition && condition->status == corev1::ConditionTrue && condition->reason != "TerminationByKubelet";
    return stands ? condition : nullptr;
}

std::string groupOf(const std::string& apiVersion) {
    const std::size_t slash = apiVersion.find('/');
    return slash == std::string::npos ? "" : apiVersion.substr(0, slash);
}

}  // namespace

bool needsScale(const policyv1::PodDisruptionBudgetSpec& spec) {
    return spec.maxUnavailable || (spec.minAvailable && spec.minAvailable->isString);
}

BudgetStatus budgetStatus(const policyv1::PodDisruptionBudget& budget, const BudgetObservation& observed) {
    BudgetStatus result{.status = {}, .recheck = {}, .notDeleted = {}};
    auto& status = result.status;
    status.conditions = budget.status.conditions;
    status.observedGeneration = budget.metadata.generation;
    status.expectedPods = needsScale(budget.spec)
                              ? observed.scale
                              : static_cast<std::int32_t>(budget.spec.minAvailable ? observed.pods.size() : 0);
    if (budget.spec.maxUnavailable)
        status.desiredHealthy =
            std::max(0, status.expectedPods - share(budget.spec.maxUnavailable, status.expectedPods, true));
    else
        status.desiredHealthy = share(budget.spec.minAvailable, status.expectedPods, true);
    for (const auto& pod : observed.pods) {
        if (pod->metadata.deletionTimestamp) continue;
        const auto evicted = budget.status.disruptedPods.find(pod->metadata.name);
        if (evicted != budget.status.disruptedPods.end()) {
            const base::Duration left = evicted->second.wall() + kDeletion - observed.now;
            if (left >= base::Duration(0)) {
                status.disruptedPods.insert(*evicted);
                if (!result.recheck || left < *result.recheck) result.recheck = left;
                if (left > base::Duration(0)) continue;
            } else {
                result.notDeleted.push_back(pod);
            }
        }
        if (isReady(*pod)) ++status.currentHealthy;
    }
    status.disruptionsAllowed =
        status.expectedPods > 0 ? std::max(0, status.currentHealthy - status.desiredHealthy) : 0;
    const bool allowed = status.disruptionsAllowed > 0;
    setAllowed(status, allowed, allowed ? "SufficientPods" : "InsufficientPods", "", observed.now);
    return result;
}

DisruptionController::DisruptionController(Context& context, ResourceList resources)
    : m_context(context),
      m_resources(std::move(resources)),
      m_budgets(context.informers.informer(client::resourceOf<Budget>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())),
      m_replicaSets(context.informers.informer(client::resourceOf<appsv1::ReplicaSet>())),
      m_deployments(context.informers.informer(client::resourceOf<appsv1::Deployment>())),
      m_statefulSets(context.informers.informer(client::resourceOf<appsv1::StatefulSet>())),
      m_replicationControllers(context.informers.informer(client::resourceOf<corev1::ReplicationController>())) {
    m_budgets.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old);
    });
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onPod(old, now); });
    for (auto* informer : {&m_deployments, &m_replicaSets, &m_statefulSets, &m_replicationControllers})
        informer->addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onController(old, now); });
}

void DisruptionController::wakeBudgets(const api::Object& pod, std::uint64_t cause) {
    for (const auto& budget : client::Lister<Budget>(m_budgets).list(pod.metadata.namespace_)) {
        const auto selector = selectorOf(*budget);
        if (selector && selector->matches(pod.metadata.labels)) m_context.keys.add(keyOf(*budget), cause);
    }
}

void DisruptionController::onPod(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const std::uint64_t cause = revisionOf(now ? *now : *old);
    if (old) wakeBudgets(*old, cause);
    if (!now) return;
    wakeBudgets(*now, cause);
    if (liveDisruption(*client::as<corev1::Pod>(now))) m_context.keys.add(kStale + keyOf(*now), cause);
}

// What its size was and is decides how many may be missing.
void DisruptionController::onController(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (!old || !now || old->metadata.generation == now->metadata.generation) return;
    for (const auto& budget : client::Lister<Budget>(m_budgets).list(now->metadata.namespace_))
        if (needsScale(budget->spec)) m_context.keys.add(keyOf(*budget), *now);
}

Result<Outcome> DisruptionController::sync(const std::string& key) {
    if (key.starts_with(kStale)) return syncStale(key.substr(1));
    const auto [ns, name] = splitKey(key);
    const auto budget = client::Lister<Budget>(m_budgets).get(ns, name);
    if (!budget) return Outcome{};
    const auto recheck = trySync(*budget);
    if (recheck) return Outcome{*recheck};
    if (recheck.error().reason == Reason::Conflict) return fail(recheck.error());
    // Nothing is known: nothing may be disrupted.
    auto status = budget->status;
    status.disruptionsAllowed = 0;
    setAllowed(status, false, "SyncFailed", recheck.error().message, m_context.executor.clock().now());
    if (auto written = write(*budget, std::move(status)); !written) return fail(std::move(written.error()));
    return Outcome{};
}

Result<base::Duration> DisruptionController::trySync(const Budget& budget) {
    BudgetObservation observed{.pods = {}, .now = m_context.executor.clock().now()};
    const auto selector = selectorOf(budget);
    if (!selector) return fail(Reason::Invalid, "the budget's selector cannot be read");
    for (auto& pod : client::Lister<corev1::Pod>(m_pods).list(budget.metadata.namespace_))
        if (selector->matches(pod->metadata.labels)) observed.pods.push_back(std::move(pod));
    auto& events = m_context.events;
    if (observed.pods.empty()) events.event(budget, "Normal", "NoPods", "No matching pods found");
    if (needsScale(budget.spec)) {
        const auto scale = scaleOf(budget, observed.pods);
        if (!scale) {
            events.event(budget, "Warning", "CalculateExpectedPodCountFailed",
                         "Failed to calculate the number of expected pods: " + scale.error().message);
            return fail(scale.error());
        }
        observed.scale = *scale;
    }
    BudgetStatus next = budgetStatus(budget, observed);
    for (const auto& pod : next.notDeleted)
        events.event(
            *pod, "Warning", "NotDeleted",
            fmt::format("Pod was expected by PDB {0}/{0} to be deleted but it wasn't", budget.metadata.namespace_));
    if (auto written = write(budget, std::move(next.status)); !written) return fail(std::move(written.error()));
    return next.recheck ? std::max<base::Duration>(*next.recheck, std::chrono::milliseconds(1)) : base::Duration(0);
}

Result<std::int32_t> DisruptionController::scaleOf(const Budget& budget, const Pods& pods) {
    std::map<std::string, std::int32_t> byController;
    bool unmanaged = false;
    for (const auto& pod : pods) {
        const auto* reference = controllerOf(*pod);
        if (!reference) {
            unmanaged = true;
            continue;
        }
        std::string uid = reference->uid;
        const auto scale = scaleOfController(*reference, pod->metadata.namespace_, pod->metadata.name, uid);
        if (!scale) return fail(scale.error());
        byController[uid] = *scale;
    }
    if (unmanaged)
        m_context.events.event(budget, "Warning", "UnmanagedPods",
                               fmt::format("Pods selected by this PodDisruptionBudget (selector: {}) were found to be "
                                           "unmanaged. As a result, the status of "
                                           "the PDB cannot be calculated correctly, which may result in undefined "
                                           "behavior. To account for these pods "
                                           "please set \".spec.minAvailable\" field of the PDB to an integer value.",
                                           selectorOf(budget)->toString()));
    std::int32_t sum = 0;
    for (const auto& [uid, scale] : byController) sum += scale;
    return sum;
}

// uid becomes that of whoever decides on the size: of the Deployment above a ReplicaSet.
Result<std::int32_t> DisruptionController::scaleOfController(const metav1::OwnerReference& reference,
                                                             const std::string& ns, const std::string& pod,
                                                             std::string& uid) {
    const auto there = [&](const client::Informer& informer) -> api::ObjectPtr {
        auto object = informer.get(ns, reference.name);
        return object && object->metadata.uid == reference.uid ? object : nullptr;
    };
    const auto missing = [&] {
        return fail(Reason::NotFound, fmt::format("found no controllers for pod \"{}\"", pod));
    };
    const std::string group = groupOf(reference.apiVersion);
    if (reference.kind == "ReplicaSet" && group == "apps") {
        const auto object = there(m_replicaSets);
        if (!object) return missing();
        const auto set = client::as<appsv1::ReplicaSet>(object);
        const auto* above = controllerOf(*set);
        if (!above || above->kind != "Deployment") return set->spec.replicas.value_or(1);
        const auto deployment = client::Lister<appsv1::Deployment>(m_deployments).get(ns, above->name);
        if (!deployment || deployment->metadata.uid != above->uid) return missing();
        uid = deployment->metadata.uid;
        return deployment->spec.replicas.value_or(1);
    }
    if (reference.kind == "StatefulSet" && group == "apps") {
        const auto object = there(m_statefulSets);
        if (!object) return missing();
        return client::as<appsv1::StatefulSet>(object)->spec.replicas.value_or(1);
    }
    if (reference.kind == "ReplicationController" && group.empty()) {
        const auto object = there(m_replicationControllers);
        if (!object) return missing();
        return client::as<corev1::ReplicationController>(object)->spec.replicas.value_or(1);
    }
    return otherScale(reference, ns, pod);
}

Result<std::int32_t> DisruptionController::otherScale(const metav1::OwnerReference& reference, const std::string& ns,
                                                      const std::string& pod) {
    const std::string group = groupOf(reference.apiVersion);
    for (const Resource& resource : m_resources()) {
        if (resource.kind != reference.kind || resource.name.group != group) continue;
        const auto scale = m_context.client.get(resource.name, ns, reference.name, "scale");
        if (!scale) {
            const auto owner = m_context.client.get(resource.name, ns, reference.name);
            if (!owner) break;
            return fail(Reason::NotFound, fmt::format("{}{} does not implement the scale subresource",
                                                      resource.name.resource, group.empty() ? "" : "." + group));
        }
        if ((*scale)->metadata.uid != reference.uid) break;
        return client::as<autoscalingv1::Scale>(*scale)->spec.replicas;
    }
    return fail(Reason::NotFound, fmt::format("found no controllers for pod \"{}\"", pod));
}

Result<void> DisruptionController::write(const Budget& budget, policyv1::PodDisruptionBudgetStatus status) {
    if (status == budget.status) return {};
    Budget changed = budget;
    changed.status = std::move(status);
    const auto written = client::Api<Budget>(m_context.client).updateStatus(changed, controllerWrite());
    if (!written && written.error().reason != Reason::NotFound) return fail(written.error());
    return {};
}

Result<Outcome> DisruptionController::syncStale(const std::string& podKey) {
    const auto [ns, name] = splitKey(podKey);
    const auto pod = client::Lister<corev1::Pod>(m_pods).get(ns, name);
    const auto* condition = pod ? liveDisruption(*pod) : nullptr;
    if (!condition) return Outcome{};
    const base::WallTime now = m_context.executor.clock().now();
    const base::Duration left = condition->lastTransitionTime.wall() + kStaleCondition - now;
    if (left > base::Duration(0)) return Outcome{left};
    corev1::Pod changed = *pod;
    for (auto& one : changed.status.conditions) {
        if (one.type != "DisruptionTarget") continue;
        one.status = corev1::ConditionFalse;
        one.reason.clear();
        one.message.clear();
        one.lastTransitionTime = api::Time(now);
    }
    const auto written = client::Api<corev1::Pod>(m_context.client).updateStatus(changed, controllerWrite());
    if (!written && written.error().reason != Reason::NotFound) return fail(written.error());
    return Outcome{};
}

}  // namespace qd::controllers
