#include "cluster/controllers/daemonset/daemonset_controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/meta/selectors.h"
#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/pods/template_hash.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr std::size_t kMostAtOnce = 250;  // Pods created, and deleted, in one sync
constexpr base::Duration kFirstWait = std::chrono::seconds(1);
constexpr base::Duration kLongestWait = std::chrono::minutes(15);

api::LabelSelector selectorOf(const appsv1::DaemonSet& set) {
    if (!set.spec.selector) return api::LabelSelector::nothing();
    return api::LabelSelector::from(*set.spec.selector).value_or(api::LabelSelector::nothing());
}

bool changesPlaces(const corev1::Node& old, const corev1::Node& now) {
    return old.metadata.labels != now.metadata.labels || old.spec.taints != now.spec.taints;
}

}  // namespace

DaemonSetController::DaemonSetController(Context& context)
    : m_context(context),
      m_sets(context.informers.informer(client::resourceOf<Set>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())),
      m_nodes(context.informers.informer(client::resourceOf<corev1::Node>())),
      m_revisions(context.informers.informer(client::resourceOf<appsv1::ControllerRevision>())),
      m_history(context, m_expectations, m_revisions),
      m_podControl(context.client, context.events) {
    addControllerIndex(m_pods);
    addControllerIndex(m_revisions);
    m_sets.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old);
    });
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onOwned(old, now); });
    m_revisions.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onOwned(old, now); });
    m_nodes.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onNode(old, now); });
}

void DaemonSetController::wakeOwner(const api::Object& owned, std::uint64_t cause) {
    const auto* reference = controllerOf(owned);
    if (!reference || reference->kind != "DaemonSet") return;
    const auto set = m_sets.get(owned.metadata.namespace_, reference->name);
    if (set && set->metadata.uid == reference->uid) m_context.keys.add(keyOf(*set), cause);
}

void DaemonSetController::onOwned(const api::ObjectPtr& old, const api::ObjectPtr& now) {
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

void DaemonSetController::onNode(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    if (old && now && !changesPlaces(*client::as<corev1::Node>(old), *client::as<corev1::Node>(now))) return;
    for (const auto& set : m_sets.list()) m_context.keys.add(keyOf(*set), now ? *now : *old);
}

Result<Outcome> DaemonSetController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto set = client::Lister<Set>(m_sets).get(ns, name);
    if (!set) {
        m_expectations.forget(key);
        return Outcome{};
    }
    if (set->metadata.deletionTimestamp) return Outcome{};
    if (set->spec.selector && *set->spec.selector == metav1::LabelSelector{}) {
        m_context.events.event(*set, "Warning", "SelectingAll",
                               "This daemon set is selecting all pods. A non-empty selector is required.");
        return Outcome{};
    }
    if (!m_expectations.fulfilled(key)) return Outcome{kLookAgain};
    return syncSet(key, *set);
}

Result<Outcome> DaemonSetController::syncSet(const std::string& key, const Set& set) {
    const auto pods = claimPods(key, set);
    if (!pods) return fail(pods.error());
    auto revisions = m_history.of(key, m_sets.resource(), set, selectorOf(set));
    if (!revisions) return fail(std::move(revisions.error()));
    appsv1::DaemonSetStatus status = set.status;
    const RevisionHistory::Naming naming{
        .hash = [&](const auto& collisions) { return templateHash(set.spec.template_, collisions); },
        .label = kRevisionHash,
        .labels = set.spec.template_.metadata.labels,
        .annotations = set.metadata.annotations};
    const auto current =
        m_history.current(key, set, templatePatch(set.spec.template_), *revisions, naming, status.collisionCount);
    if (!current) {
        if (status.collisionCount != set.status.collisionCount)
            if (auto written = writeStatus(key, set, status); !written) return fail(std::move(written.error()));
        return fail(current.error().within("failed to construct revisions of DaemonSet"));
    }
    const std::string hash = (*current)->metadata.labels.at(kRevisionHash);
    const DaemonObservation observed = observe(set, hash, *pods);
    DaemonPlan plan = planDaemonPods(observed);
    base::Duration again{0};
    for (const auto& [node, pod] : plan.failed) {
        const base::Duration wait = failureWait(set, node);
        if (wait > base::Duration(0)) {
            again = again == base::Duration(0) ? wait : std::min(again, wait);
            continue;
        }
        m_context.events.event(set, "Warning", "FailedDaemonPod",
                               fmt::format("Found failed daemon pod {}/{} on node {}, will try to kill it",
                                           set.metadata.namespace_, pod->metadata.name, node));
        plan.remove.push_back(pod);
    }
    if (plan.create.empty() && plan.remove.empty()) {
        DaemonPlan update = planDaemonUpdate(observed);
        plan.create = std::move(update.create);
        plan.remove = std::move(update.remove);
    }
    const auto done = carryOut(key, observed, plan);
    if (auto trimmed = trimHistory(key, set, **current, *revisions, *pods); !trimmed)
        return fail(trimmed.error().within("failed to clean up revisions of DaemonSet"));
    status = daemonStatus(observed);
    status.observedGeneration = set.metadata.generation;
    if (auto written = writeStatus(key, set, status); !written) return fail(std::move(written.error()));
    if (!done) return fail(done.error());
    if (const auto available = nextAvailableIn(observed))
        again = again == base::Duration(0) ? *available : std::min(again, *available);
    return Outcome{again};
}

// Revisions that Pods still run stay, and count against the limit.
Result<void> DaemonSetController::trimHistory(const std::string& key, const Set& set,
                                              const appsv1::ControllerRevision& current, const Revisions& revisions,
                                              const Pods& pods) {
    Revisions unused;
    std::int32_t limit = set.spec.revisionHistoryLimit.value_or(10);
    for (const auto& revision : revisions) {
        if (revision->metadata.name == current.metadata.name) continue;
        const auto hash = revision->metadata.labels.find(kRevisionHash);
        const bool runs =
            hash != revision->metadata.labels.end() &&
            std::any_of(pods.begin(), pods.end(), [&](const auto& pod) { return isOfRevision(*pod, hash->second); });
        runs ? void(--limit) : unused.push_back(revision);
    }
    return m_history.trim(key, std::move(unused), limit);
}

Result<Pods> DaemonSetController::claimPods(const std::string& key, const Set& set) {
    const auto selector = selectorOf(set);
    auto candidates = controlledBy(m_pods, set);
    for (auto& orphan : orphansIn(m_pods, set.metadata.namespace_)) candidates.push_back(std::move(orphan));
    Claimer claimer(m_context.client, m_sets.resource(), set, m_pods.resource());
    Pods claimed;
    for (const auto& candidate : candidates) {
        auto answer = claimer.claim(*candidate, selector.matches(candidate->metadata.labels));
        if (!answer) return fail(std::move(answer.error()));
        if (answer->written) m_expectations.wrote(key, m_pods, *answer->written);
        if (answer->claimed) claimed.push_back(client::as<corev1::Pod>(candidate));
    }
    return claimed;
}

DaemonObservation DaemonSetController::observe(const Set& set, const std::string& hash, const Pods& pods) const {
    DaemonObservation observed{.set = set,
                               .hash = hash,
                               .nodes = client::Lister<corev1::Node>(m_nodes).list(),
                               .podsByNode = {},
                               .now = m_context.executor.clock().now()};
    for (const auto& pod : pods) {
        if (isFinished(*pod) && pod->metadata.deletionTimestamp) continue;
        if (const std::string node = targetNode(*pod); !node.empty()) observed.podsByNode[node].push_back(pod);
    }
    return observed;
}

Result<void> DaemonSetController::carryOut(const std::string& key, const DaemonObservation& observed,
                                           const DaemonPlan& plan) {
    for (const auto& pod : plan.succeeded)
        m_context.events.event(observed.set, "Normal", "SucceededDaemonPod",
                               fmt::format("Found succeeded daemon pod {}/{} on node {}, will try to delete it",
                                           pod->metadata.namespace_, pod->metadata.name, targetNode(*pod)));
    Result<void> outcome;
    for (std::size_t i = 0; i < std::min(plan.create.size(), kMostAtOnce); ++i) {
        auto created = m_podControl.create(daemonPod(observed.set, observed.hash, plan.create[i]), observed.set);
        if (created) {
            m_expectations.wrote(key, m_pods, **created);
            continue;
        }
        if (!isNamespaceTerminating(created.error())) outcome = fail(std::move(created.error()));
        break;
    }
    for (std::size_t i = 0; i < std::min(plan.remove.size(), kMostAtOnce); ++i) {
        auto gone = m_podControl.remove(*plan.remove[i], observed.set);
        if (gone)
            m_expectations.removed(key, m_pods, *plan.remove[i]);
        else
            outcome = std::move(gone);
    }
    return outcome;
}

base::Duration DaemonSetController::failureWait(const Set& set, const std::string& node) {
    const std::string key = fmt::format("{}/{}/{}", set.metadata.uid, set.status.observedGeneration, node);
    const base::SteadyTime now = m_context.executor.clock().steady();
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_failures, [&](const auto& entry) { return now - entry.second.last > 2 * kLongestWait; });
    auto& failures = m_failures[key];
    const base::Duration left = failures.last + failures.wait - now;
    if (failures.wait > base::Duration(0) && left > base::Duration(0)) return left;
    failures.wait = failures.wait == base::Duration(0) ? kFirstWait : std::min(2 * failures.wait, kLongestWait);
    failures.last = now;
    return base::Duration(0);
}

Result<void> DaemonSetController::writeStatus(const std::string& key, const Set& set, appsv1::DaemonSetStatus status) {
    if (status == set.status) return {};
    Set changed = set;
    changed.status = std::move(status);
    const auto written = client::Api<Set>(m_context.client).updateStatus(changed, controllerWrite());
    if (!written) {
        if (written.error().reason == Reason::NotFound) return {};
        return fail(written.error().within("error storing status for daemon set"));
    }
    m_expectations.wrote(key, m_sets, **written);
    return {};
}

}  // namespace qd::controllers
