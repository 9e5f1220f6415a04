#include "cluster/controllers/replicaset/replicaset_controller.h"

#include <algorithm>

#include "cluster/client/write_scope.h"
#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

api::LabelSelector selectorOf(const appsv1::ReplicaSet& set) {
    if (!set.spec.selector) return api::LabelSelector::nothing();
    return api::LabelSelector::from(*set.spec.selector).value_or(api::LabelSelector::nothing());
}

bool sameController(const api::Object& a, const api::Object& b) {
    const auto* left = controllerOf(a);
    const auto* right = controllerOf(b);
    return left && right ? left->uid == right->uid : left == right;
}

}  // namespace

ReplicaKind replicaSetKind() {
    ReplicaKind kind;
    kind.resource = client::resourceOf<appsv1::ReplicaSet>();
    kind.seenAsReplicaSet = [](const api::ObjectPtr& object) { return client::as<appsv1::ReplicaSet>(object); };
    kind.withStatus = [](const api::Object& object, const appsv1::ReplicaSetStatus& status) {
        auto copy = object.clone();
        static_cast<appsv1::ReplicaSet&>(*copy).status = status;
        return copy;
    };
    return kind;
}

ReplicaSetController::ReplicaSetController(Context& context, ReplicaKind kind)
    : m_context(context),
      m_kind(std::move(kind)),
      m_owners(context.informers.informer(m_kind.resource)),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())),
      m_podControl(context.client, context.events) {
    addControllerIndex(m_owners);
    addControllerIndex(m_pods);
    m_owners.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { m_context.keys.add(keyOf(now ? *now : *old), now ? *now : *old); });
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onPod(old, now); });
}

client::Ptr<appsv1::ReplicaSet> ReplicaSetController::ownerOf(const api::Object& pod) const {
    const auto* reference = controllerOf(pod);
    if (!reference) return nullptr;
    const auto owner = m_owners.get(pod.metadata.namespace_, reference->name);
    if (!owner || owner->metadata.uid != reference->uid || owner->kind() != reference->kind) return nullptr;
    return m_kind.seenAsReplicaSet(owner);
}

void ReplicaSetController::wakeOwner(const api::Object& pod, std::uint64_t cause) {
    if (const auto owner = ownerOf(pod)) m_context.keys.add(keyOf(*owner), cause);
}

void ReplicaSetController::wakeAdopters(const api::Object& pod) {
    for (const auto& owner : m_owners.list(pod.metadata.namespace_)) {
        const auto selector = selectorOf(*m_kind.seenAsReplicaSet(owner));
        if (!selector.empty() && selector.matches(pod.metadata.labels)) m_context.keys.add(keyOf(*owner), pod);
    }
}

void ReplicaSetController::onPod(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const std::uint64_t cause = revisionOf(now ? *now : *old);
    if (!now) return wakeOwner(*old, cause);
    const bool moved = old && !sameController(*old, *now);
    if (moved) wakeOwner(*old, cause);
    if (controllerOf(*now)) return wakeOwner(*now, cause);
    if (!now->metadata.deletionTimestamp && (!old || moved || old->metadata.labels != now->metadata.labels)) wakeAdopters(*now);
}

Result<Outcome> ReplicaSetController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto owner = m_owners.get(ns, name);
    if (!owner) {
        m_expectations.forget(key);
        return Outcome{};
    }
    if (!m_expectations.fulfilled(key)) return Outcome{kLookAgain};
    const auto set = m_kind.seenAsReplicaSet(owner);
    const auto selector = selectorOf(*set);

    const auto claimed = claimPods(key, *owner, selector);
    if (!claimed) return fail(claimed.error());

    ReplicaObservation observed;
    for (const auto& pod : *claimed) {
        if (isActive(*pod)) observed.active.push_back(pod);
        if (isTerminating(*pod)) ++observed.terminating;
    }
    observed.now = m_context.executor.clock().now();
    if (!owner->metadata.deletionTimestamp) observed.failure = manage(key, *owner, *set, observed.active);

    auto status = replicaSetStatus(*set, observed);
    if (!m_kind.reportsTerminating) status.terminatingReplicas.reset();
    if (auto written = writeStatus(key, *owner, *set, status); !written) return fail(written.error());
    if (!observed.failure.empty()) return fail(Reason::InternalError, observed.failure);
    return Outcome{nextAvailability(*set, observed).value_or(base::Duration(0))};
}

Result<Pods> ReplicaSetController::claimPods(const std::string& key, const api::Object& owner, const api::LabelSelector& selector) {
    auto candidates = controlledBy(m_pods, owner);
    for (auto& orphan : orphansIn(m_pods, owner.metadata.namespace_)) candidates.push_back(std::move(orphan));
    Claimer claimer(m_context.client, m_kind.resource, owner, m_pods.resource());
    Pods claimed;
    std::optional<Error> failure;
    for (const auto& candidate : candidates) {
        const auto pod = client::as<corev1::Pod>(candidate);
        const bool matches = selector.matches(pod->metadata.labels);
        // Only a Pod that counts is adopted or released; one that goes is nobody's concern any more.
        if (!isActive(*pod)) {
            if (matches && isControlledBy(*pod, owner)) claimed.push_back(pod);
            continue;
        }
        auto answer = claimer.claim(*pod, matches);
        if (!answer) {
            failure = std::move(answer.error());
            continue;
        }
        if (answer->written) m_expectations.wrote(key, m_pods, *answer->written);
        if (answer->claimed) claimed.push_back(pod);
    }
    if (failure) return fail(std::move(*failure));
    return claimed;
}

Pods ReplicaSetController::relatedPods(const api::Object& owner) const {
    Pods related;
    const auto add = [&](const api::Object& set) {
        for (const auto& pod : controlledBy(m_pods, set)) related.push_back(client::as<corev1::Pod>(pod));
    };
    const auto* controller = controllerOf(owner);
    if (!controller) {
        add(owner);
        return related;
    }
    for (const auto& sibling : m_owners.list(owner.metadata.namespace_)) {
        const auto* other = controllerOf(*sibling);
        if (other && other->uid == controller->uid) add(*sibling);
    }
    return related;
}

std::string ReplicaSetController::manage(const std::string& key, const api::Object& owner, const appsv1::ReplicaSet& set, const Pods& active) {
    const int desired = set.spec.replicas.value_or(1);
    const bool choosesPods = static_cast<int>(active.size()) > desired && desired > 0;
    const ReplicaPlan plan = planReplicas(desired, active, choosesPods ? relatedPods(owner) : Pods{}, m_context.executor.clock().now());
    if (plan.create > 0) return createPods(key, owner, set, plan.create);
    return removePods(key, owner, plan.remove);
}

std::string ReplicaSetController::removePods(const std::string& key, const api::Object& owner, const Pods& pods) {
    std::string failure;
    Pods removed;
    Result<void> done;
    {
        client::WriteScope writes;
        for (const auto& pod : pods) {
            if (auto gone = m_podControl.remove(*pod, owner); gone) {
                removed.push_back(pod);
            } else if (failure.empty()) {
                failure = gone.error().message;
            }
        }
        done = writes.wait();
    }
    for (const auto& pod : removed) {
        const auto now = done ? nullptr : newest(*pod);
        if (!now || now->metadata.deletionTimestamp) m_expectations.removed(key, m_pods, *pod);
    }
    return done || !failure.empty() ? failure : done.error().message;
}

// Stops at the first failure: what keeps one Pod from being made (a quota, an admission plugin) is likely to keep all
// the others too, and the retry's back-off then protects the server.
std::string ReplicaSetController::createPods(const std::string& key, const api::Object& owner, const appsv1::ReplicaSet& set, int count) {
    const corev1::Pod pod = podFromTemplate(set.spec.template_, owner);
    std::string failure;
    Pods made;
    Result<void> done;
    {
        client::WriteScope writes;
        while (static_cast<int>(made.size()) < count) {
            const auto created = m_podControl.create(pod, owner);
            if (!created) {
                if (!isNamespaceTerminating(created.error())) failure = created.error().message;
                break;
            }
            made.push_back(*created);
        }
        done = writes.wait();
    }
    for (const auto& each : made) {
        if (done || newest(*each)) m_expectations.wrote(key, m_pods, *each);
    }
    return done || !failure.empty() ? failure : done.error().message;
}

// When a disk has failed, only the server knows which of several writes have happened.
client::Ptr<corev1::Pod> ReplicaSetController::newest(const corev1::Pod& pod) {
    auto now = client::Api<corev1::Pod>(m_context.client).get(pod.metadata.namespace_, pod.metadata.name);
    return now && (*now)->metadata.uid == pod.metadata.uid ? *now : nullptr;
}

Result<void> ReplicaSetController::writeStatus(const std::string& key, const api::Object& owner, const appsv1::ReplicaSet& set, const appsv1::ReplicaSetStatus& status) {
    if (set.status == status) return {};
    const auto changed = m_kind.withStatus(owner, status);
    const auto written = m_context.client.update(m_kind.resource, *changed, controllerWrite(), "status");
    if (!written) {
        if (written.error().reason == Reason::NotFound) return {};
        return fail(written.error().within("updating the status"));
    }
    m_expectations.wrote(key, m_owners, **written);
    return {};
}

}  // namespace qd::controllers
