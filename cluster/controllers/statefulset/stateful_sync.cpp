#include "cluster/controllers/statefulset/stateful_sync.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {

StatefulSync::StatefulSync(Surroundings around, const appsv1::StatefulSet& set, Version current, Version update,
                           Pods pods)
    : m_around(around),
      m_set(set),
      m_current(std::move(current)),
      m_update(std::move(update)),
      m_now(around.context.executor.clock().now()),
      m_ordered(set.spec.podManagementPolicy != appsv1::ParallelPodManagement) {
    m_status.observedGeneration = set.metadata.generation;
    m_status.currentRevision = m_current.name;
    m_status.updateRevision = m_update.name;
    sort(pods);
}

// Replicas below the partition, or while an update without one goes on, are made from the template that runs.
client::Ptr<corev1::Pod> StatefulSync::planned(int ordinal) const {
    const auto& strategy = m_set.spec.updateStrategy;
    const int place = ordinal - firstOrdinal(m_set);
    const bool rolls = strategy.type == appsv1::RollingUpdateStatefulSetStrategyType;
    const bool old = strategy.rollingUpdate ? place < strategy.rollingUpdate->partition.value_or(0)
                                            : rolls && place < m_set.status.currentReplicas;
    const Version& version = old ? m_current : m_update;
    return std::make_shared<const corev1::Pod>(statefulPod(m_set, version.ofTemplate, version.name, ordinal));
}

void StatefulSync::sort(const Pods& pods) {
    const int first = firstOrdinal(m_set);
    for (int i = 0; i < m_set.spec.replicas.value_or(1); ++i) m_replicas.push_back({first + i, nullptr});
    for (const auto& pod : pods) {
        const auto ordinal = ordinalOf(m_set, *pod);
        if (!ordinal) continue;
        if (isWanted(m_set, *ordinal))
            m_replicas[static_cast<std::size_t>(*ordinal - first)].pod = pod;
        else
            m_condemned.push_back({*ordinal, pod});
    }
    for (auto& replica : m_replicas)
        if (!replica.pod) replica.pod = planned(replica.ordinal);
    std::ranges::sort(m_condemned, std::greater(), &Replica::ordinal);
    count();
}

void StatefulSync::count() {
    m_status.replicas = m_status.readyReplicas = m_status.availableReplicas = m_status.currentReplicas =
        m_status.updatedReplicas = 0;
    for (const auto* list : {&m_replicas, &m_condemned}) {
        for (const auto& replica : *list) {
            if (!replica.exists()) continue;
            ++m_status.replicas;
            if (replica.pod->status.phase == corev1::PodRunning && isReady(*replica.pod)) {
                ++m_status.readyReplicas;
                if (isAvailableNow(*replica.pod)) ++m_status.availableReplicas;
            }
            if (replica.pod->metadata.deletionTimestamp) continue;
            const std::string revision = revisionNameOf(*replica.pod);
            if (revision == m_current.name) ++m_status.currentReplicas;
            if (revision == m_update.name) ++m_status.updatedReplicas;
        }
    }
}

bool StatefulSync::isAvailableNow(const corev1::Pod& pod) const {
    return isAvailable(pod, m_set.spec.minReadySeconds, m_now);
}

bool StatefulSync::isMissing(const corev1::Pod& pod) const {
    return !isAvailableNow(pod) || pod.metadata.deletionTimestamp;
}

const corev1::Pod* StatefulSync::firstMissing() const {
    for (const auto& replica : m_replicas)
        if (isMissing(*replica.pod)) return replica.pod.get();
    for (auto it = m_condemned.rbegin(); it != m_condemned.rend(); ++it)
        if (isMissing(*it->pod)) return it->pod.get();
    return nullptr;
}

template <typename Step>
Result<StatefulSync::Next> StatefulSync::forAll(std::vector<Replica>& replicas, Step step) {
    std::optional<Error> failure;
    for (auto& replica : replicas) {
        auto next = step(replica);
        if (!next && !failure) failure = std::move(next.error());
        if (m_ordered && (failure || *next == Next::Stop)) break;
        if (!m_ordered && failure) break;  // what keeps one from being made is likely to keep all the others too
    }
    if (failure) return fail(std::move(*failure));
    return Next::GoOn;
}

Result<void> StatefulSync::run() {
    if (m_set.metadata.deletionTimestamp) return {};
    Next next = Next::GoOn;
    const auto noting = [&next](Result<Next> outcome) {
        if (outcome && *outcome == Next::Stop) next = Next::Stop;
        return outcome;
    };
    auto tended = forAll(m_replicas, [&](Replica& replica) { return noting(tend(replica)); });
    if (!tended || (m_ordered && next == Next::Stop)) {
        count();
        if (!tended) return fail(std::move(tended.error()));
        return {};
    }
    for (const auto& replica : m_condemned)
        if (auto settled = settleOwners(replica); !settled) return settled;
    next = Next::GoOn;
    auto condemned = forAll(m_condemned, [&](Replica& replica) { return noting(condemn(replica)); });
    count();
    if (!condemned) return fail(std::move(condemned.error()));
    if (m_ordered && next == Next::Stop) return {};
    if (m_set.spec.updateStrategy.type == appsv1::OnDeleteStatefulSetStrategyType) return {};
    return update();
}

// Makes or mends one replica; in an ordered set the next one's turn comes only when this one is available.
Result<StatefulSync::Next> StatefulSync::tend(Replica& replica) {
    const auto then = [](Result<void> done, Next next) -> Result<Next> {
        if (!done) return fail(std::move(done.error()));
        return next;
    };
    if (isFinished(*replica.pod))
        return then(replica.pod->metadata.deletionTimestamp ? Result<void>() : remove(*replica.pod), Next::Stop);
    if (!replica.exists()) {
        if (claimsAreStale(replica)) {
            m_awaitsClaims = true;
            return Next::Stop;
        }
        return then(make(replica), Next::Stop);
    }
    if (replica.pod->status.phase == corev1::PodPending) {
        if (auto made = makeClaims(replica); !made) return fail(std::move(made.error()));
        if (auto settled = settleOwners(replica); !settled) return fail(std::move(settled.error()));
    }
    if (m_ordered && isMissing(*replica.pod)) return Next::Stop;
    return then(restore(replica), Next::GoOn);
}

Result<StatefulSync::Next> StatefulSync::condemn(Replica& replica) {
    if (replica.pod->metadata.deletionTimestamp) return Next::Stop;
    if (m_ordered && !isAvailableNow(*replica.pod) && replica.pod.get() != firstMissing()) return Next::Stop;
    if (auto gone = remove(*replica.pod); !gone) return fail(std::move(gone.error()));
    return Next::Stop;
}

// The highest ordinal that is of another revision goes, once all above it are available.
Result<void> StatefulSync::update() {
    const auto& rolling = m_set.spec.updateStrategy.rollingUpdate;
    const int least = rolling ? rolling->partition.value_or(0) : 0;
    for (int i = static_cast<int>(m_replicas.size()) - 1; i >= least; --i) {
        const corev1::Pod& pod = *m_replicas[static_cast<std::size_t>(i)].pod;
        if (revisionNameOf(pod) != m_update.name && !pod.metadata.deletionTimestamp) {
            auto gone = remove(pod);
            if (gone) --m_status.currentReplicas;
            return gone;
        }
        if (isMissing(pod)) return {};
    }
    return {};
}

void StatefulSync::tell(const char* verb, const std::string& what, const Result<void>& outcome) {
    auto& events = m_around.context.events;
    const std::string& name = m_set.metadata.name;
    if (outcome)
        events.event(m_set, "Normal", std::string("Successful") + verb,
                     fmt::format("{} {} in StatefulSet {} {}", verb, what, name,
                                 what.starts_with("Claim") ? "success" : "successful"));
    else
        events.event(
            m_set, "Warning", std::string("Failed") + verb,
            fmt::format("{} {} in StatefulSet {} failed error: {}", verb, what, name, outcome.error().message));
}

Result<void> StatefulSync::make(const Replica& replica) {
    const std::string what = "Pod " + replica.pod->metadata.name;
    if (auto claims = makeClaims(replica); !claims) {
        tell("Create", what, claims);
        return claims;
    }
    auto created = client::Api<corev1::Pod>(m_around.context.client).create(*replica.pod, controllerWrite());
    if (!created && created.error().reason == Reason::AlreadyExists) return fail(std::move(created.error()));
    if (auto settled = settleOwners(replica); !settled) {
        tell("Update", what, settled);
        return settled;
    }
    if (created) m_around.expectations.wrote(m_around.key, m_around.pods, **created);
    Result<void> outcome;
    if (!created) outcome = fail(std::move(created.error()));
    tell("Create", what, outcome);
    return outcome;
}

Result<void> StatefulSync::makeClaims(const Replica& replica) {
    Result<void> outcome;
    for (const auto& claim : claimsOf(m_set, replica.ordinal)) {
        const std::string& name = claim.metadata.name;
        if (const auto known = m_around.claims.get(claim.metadata.namespace_, name)) {
            if (known->metadata.deletionTimestamp)
                outcome = fail(Reason::Conflict, fmt::format("pvc {} is being deleted", name));
            continue;
        }
        const std::string what = fmt::format("Claim {} Pod {}", name, replica.pod->metadata.name);
        auto created =
            client::Api<corev1::PersistentVolumeClaim>(m_around.context.client).create(claim, controllerWrite());
        if (created) {
            m_around.expectations.wrote(m_around.key, m_around.claims, **created);
            tell("Create", what, {});
        } else if (created.error().reason != Reason::AlreadyExists) {
            tell("Create", what, fail(created.error()));
            outcome = fail(created.error().within("failed to create PVC " + name));
        }
    }
    return outcome;
}

bool StatefulSync::claimsAreStale(const Replica& replica) const {
    return std::ranges::any_of(claimsOf(m_set, replica.ordinal), [&](const auto& wanted) {
        const auto known = m_around.claims.get(wanted.metadata.namespace_, wanted.metadata.name);
        return known && isStale(m_set, *replica.pod, *client::as<corev1::PersistentVolumeClaim>(known));
    });
}

Result<void> StatefulSync::settleOwners(const Replica& replica) {
    for (const auto& wanted : claimsOf(m_set, replica.ordinal)) {
        const auto known = m_around.claims.get(wanted.metadata.namespace_, wanted.metadata.name);
        if (!known) continue;
        auto claim = *client::as<corev1::PersistentVolumeClaim>(known);
        ClaimOwners owners = ownersOfClaim(m_set, *replica.pod, claim);
        if (owners.references == claim.metadata.ownerReferences) continue;
        if (owners.conflicting)
            m_around.context.events.event(
                m_set, "Warning", "ConflictingController",
                fmt::format(
                    "PersistentVolumeClaim {} has a conflicting OwnerReference that acts as a manging controller, the "
                    "retention policy is ignored for this claim",
                    claim.metadata.name));
        claim.metadata.ownerReferences = std::move(owners.references);
        const auto written =
            client::Api<corev1::PersistentVolumeClaim>(m_around.context.client).update(claim, controllerWrite());
        if (!written)
            return fail(written.error().within(
                fmt::format("could not update claim {} for delete policy ownerRefs", claim.metadata.name)));
        m_around.expectations.wrote(m_around.key, m_around.claims, **written);
    }
    return {};
}

Result<void> StatefulSync::restore(const Replica& replica) {
    if (auto settled = settleOwners(replica); !settled) return settled;
    if (hasIdentity(m_set, *replica.pod)) return {};
    corev1::Pod pod = *replica.pod;
    giveIdentity(m_set, replica.ordinal, pod);
    if (auto claims = makeClaims(replica); !claims) return claims;
    if (pod == *replica.pod) return {};
    Result<void> outcome;
    auto written = client::Api<corev1::Pod>(m_around.context.client).update(pod, controllerWrite());
    if (written)
        m_around.expectations.wrote(m_around.key, m_around.pods, **written);
    else
        outcome = fail(std::move(written.error()));
    tell("Update", "Pod " + pod.metadata.name, outcome);
    return outcome;
}

Result<void> StatefulSync::remove(const corev1::Pod& pod) {
    client::DeleteOptions options;
    options.uid = pod.metadata.uid;
    auto gone =
        client::Api<corev1::Pod>(m_around.context.client).remove(pod.metadata.namespace_, pod.metadata.name, options);
    if (!gone && gone.error().reason == Reason::NotFound) gone = {};
    if (gone) m_around.expectations.removed(m_around.key, m_around.pods, pod);
    tell("Delete", "Pod " + pod.metadata.name, gone);
    return gone;
}

}  // namespace qd::controllers
