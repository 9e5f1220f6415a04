#include "cluster/controllers/statefulset/statefulset_controller.h"

#include <algorithm>
#include <set>

#include "cluster/api/meta/selectors.h"
#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/pods/template_hash.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kHash[] = "controller.kubernetes.io/hash";
constexpr int kCollisions = 5;

api::LabelSelector selectorOf(const appsv1::StatefulSet& set) {
    if (!set.spec.selector) return api::LabelSelector::nothing();
    return api::LabelSelector::from(*set.spec.selector).value_or(api::LabelSelector::nothing());
}

// A rolling update is complete when every replica is ready in the new revision.
void complete(const appsv1::StatefulSet& set, appsv1::StatefulSetStatus& status) {
    const std::int32_t replicas = set.spec.replicas.value_or(1);
    if (set.spec.updateStrategy.type != appsv1::RollingUpdateStatefulSetStrategyType) return;
    if (status.updatedReplicas != replicas || status.readyReplicas != replicas || status.replicas != replicas) return;
    status.currentReplicas = status.updatedReplicas;
    status.currentRevision = status.updateRevision;
}

}  // namespace

StatefulSetController::StatefulSetController(Context& context)
    : m_context(context),
      m_sets(context.informers.informer(client::resourceOf<Set>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())),
      m_claims(context.informers.informer(client::resourceOf<corev1::PersistentVolumeClaim>())),
      m_revisions(context.informers.informer(client::resourceOf<appsv1::ControllerRevision>())),
      m_history(context, m_expectations, m_revisions) {
    addControllerIndex(m_pods);
    addControllerIndex(m_revisions);
    m_sets.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old);
    });
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onPod(old, now); });
    // A Pod may wait for a claim that is on its way out.
    m_claims.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (now) return;
        for (const auto& reference : old->metadata.ownerReferences)
            if (reference.kind == "StatefulSet")
                m_context.keys.add(old->metadata.namespace_ + "/" + reference.name, revisionOf(*old));
    });
}

void StatefulSetController::wakeOwner(const api::Object& pod, std::uint64_t cause) {
    const auto* reference = controllerOf(pod);
    if (!reference || reference->kind != "StatefulSet") return;
    const auto set = m_sets.get(pod.metadata.namespace_, reference->name);
    if (set && set->metadata.uid == reference->uid) m_context.keys.add(keyOf(*set), cause);
}

void StatefulSetController::onPod(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const std::uint64_t cause = revisionOf(now ? *now : *old);
    if (old) wakeOwner(*old, cause);
    if (!now) return;
    if (controllerOf(*now)) return wakeOwner(*now, cause);
    if (now->metadata.deletionTimestamp) return;
    // An orphan: whoever selects it may adopt it.
    for (const auto& set : client::Lister<Set>(m_sets).list(now->metadata.namespace_)) {
        const auto selector = selectorOf(*set);
        if (!selector.empty() && selector.matches(now->metadata.labels)) m_context.keys.add(keyOf(*set), cause);
    }
}

Result<Outcome> StatefulSetController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto set = client::Lister<Set>(m_sets).get(ns, name);
    if (!set) {
        m_expectations.forget(key);
        return Outcome{};
    }
    if (!m_expectations.fulfilled(key)) return Outcome{kLookAgain};
    return syncSet(key, *set);
}

Result<Outcome> StatefulSetController::syncSet(const std::string& key, const Set& set) {
    const auto pods = claimPods(key, set);
    if (!pods) return fail(pods.error());
    const auto versions = versionsOf(key, set);
    if (!versions) return fail(versions.error());
    const auto current = templateIn(*versions->current), update = templateIn(*versions->update);
    if (!current) return fail(current.error());
    if (!update) return fail(update.error());
    StatefulSync step({m_context, m_expectations, m_pods, m_claims, key}, set,
                      {versions->current->metadata.name, *current}, {versions->update->metadata.name, *update}, *pods);
    const auto done = step.run();
    auto status = step.status();
    status.collisionCount = versions->collisions.value_or(0);
    complete(set, status);
    if (auto written = writeStatus(key, set, status); !written) return fail(std::move(written.error()));
    if (auto trimmed = trimHistory(key, set, *versions, *pods); !trimmed) return fail(std::move(trimmed.error()));
    if (!done) return fail(done.error());
    base::Duration again = step.awaitsClaims() ? kLookAgain : base::Duration(0);
    for (const auto& pod : *pods) {
        const auto wait = availableIn(*pod, set.spec.minReadySeconds, m_context.executor.clock().now());
        if (wait && (again == base::Duration(0) || *wait < again)) again = *wait;
    }
    return Outcome{again};
}

Result<Pods> StatefulSetController::claimPods(const std::string& key, const Set& set) {
    const auto selector = selectorOf(set);
    auto candidates = controlledBy(m_pods, set);
    for (auto& orphan : orphansIn(m_pods, set.metadata.namespace_)) candidates.push_back(std::move(orphan));
    Claimer claimer(m_context.client, m_sets.resource(), set, m_pods.resource());
    Pods claimed;
    for (const auto& candidate : candidates) {
        const auto pod = client::as<corev1::Pod>(candidate);
        if (!ordinalOf(set, *pod)) continue;  // not by its name
        auto answer = claimer.claim(*pod, selector.matches(pod->metadata.labels));
        if (!answer) return fail(std::move(answer.error()));
        if (answer->written) m_expectations.wrote(key, m_pods, *answer->written);
        if (answer->claimed) claimed.push_back(pod);
    }
    return claimed;
}

Result<StatefulSetController::Versions> StatefulSetController::versionsOf(const std::string& key, const Set& set) {
    auto known = m_history.of(key, m_sets.resource(), set, selectorOf(set));
    if (!known) return fail(std::move(known.error()));
    Versions versions{
        .known = std::move(*known), .current = nullptr, .update = nullptr, .collisions = set.status.collisionCount};
    const std::string patch = templatePatch(set.spec.template_);
    const RevisionHistory::Naming naming{
        .hash =
            [&](const auto& collisions) {
                return safeHash(patch + (collisions && *collisions > 0 ? std::to_string(*collisions) : ""));
            },
        .label = kHash,
        .labels = set.spec.template_.metadata.labels,
        .annotations = set.metadata.annotations};
    for (int attempt = 0;; ++attempt) {
        auto update = m_history.current(key, set, patch, versions.known, naming, versions.collisions);
        if (update) {
            versions.update = std::move(*update);
            break;
        }
        if (update.error().reason != Reason::AlreadyExists || attempt == kCollisions)
            return fail(std::move(update.error()));
    }
    const auto current = std::ranges::find(versions.known, set.status.currentRevision,
                                           [](const auto& one) { return one->metadata.name; });
    versions.current = current == versions.known.end() ? versions.update : *current;
    return versions;
}

Result<void> StatefulSetController::trimHistory(const std::string& key, const Set& set, const Versions& versions,
                                                const Pods& pods) {
    std::set<std::string> live = {versions.current->metadata.name, versions.update->metadata.name};
    for (const auto& pod : pods) live.insert(revisionNameOf(*pod));
    Revisions unused;
    for (const auto& revision : versions.known)
        if (!live.contains(revision->metadata.name)) unused.push_back(revision);
    return m_history.trim(key, std::move(unused), set.spec.revisionHistoryLimit.value_or(10));
}

Result<void> StatefulSetController::writeStatus(const std::string& key, const Set& set,
                                                appsv1::StatefulSetStatus status) {
    status.conditions = set.status.conditions;
    if (status == set.status) return {};
    Set changed = set;
    changed.status = std::move(status);
    const auto written = client::Api<Set>(m_context.client).updateStatus(changed, controllerWrite());
    if (!written) {
        if (written.error().reason == Reason::NotFound) return {};
        return fail(written.error().within("updating the status"));
    }
    m_expectations.wrote(key, m_sets, **written);
    return {};
}

}  // namespace qd::controllers
