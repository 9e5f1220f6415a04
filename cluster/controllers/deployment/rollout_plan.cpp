#include "cluster/controllers/deployment/rollout_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "cluster/controllers/pods/share.h"

namespace qd::controllers {
namespace {

using Set = client::Ptr<appsv1::ReplicaSet>;

bool createdBefore(const Set& a, const Set& b) {
    const auto& left = a->metadata;
    const auto& right = b->metadata;
    if (left.creationTimestamp != right.creationTimestamp) return left.creationTimestamp < right.creationTimestamp;
    return left.name < right.name;
}

ReplicaSets inOrderOfCreation(ReplicaSets sets) {
    std::sort(sets.begin(), sets.end(), createdBefore);
    return sets;
}

ReplicaSets active(const ReplicaSets& sets) {
    ReplicaSets found;
    for (const auto& set : sets) {
        if (set && sizeOf(*set) > 0) found.push_back(set);
    }
    return found;
}

ReplicaSets with(ReplicaSets sets, const Set& newest) {
    if (newest) sets.push_back(newest);
    return sets;
}

std::int32_t totalSize(const ReplicaSets& sets) {
    std::int32_t total = 0;
    for (const auto& set : sets) total += sizeOf(*set);
    return total;
}

// Pods beyond a set's size are about to go, whatever its status, which lags, still says of them. Upstream counts them, and
// so takes too many old Pods when several commits come close together.
std::int32_t availableOf(const appsv1::ReplicaSet& set) { return std::min(set.status.availableReplicas, sizeOf(set)); }

std::int32_t totalAvailable(const ReplicaSets& sets) {
    std::int32_t total = 0;
    for (const auto& set : sets) total += availableOf(*set);
    return total;
}

// A set that grows again after it shrank says of its Pods what was true before, until it has seen its size. Upstream believes
// it, and so takes Pods that are needed when a roll-out is turned back twice in quick succession.
bool lags(const Set& set) {
    return set->status.availableReplicas > 0 && set->metadata.generation > set->status.observedGeneration;
}

std::int32_t maxUnavailable(const appsv1::Deployment& deployment) {
    return isRollingUpdate(deployment) ? std::min(fenceposts(deployment).unavailable, desiredReplicas(deployment)) : 0;
}

// The set that scaling means when there is no rollout under way: the only one with Pods, else the newest of all.
Set activeOrLatest(const Set& newest, const ReplicaSets& old) {
    const ReplicaSets running = active(with(old, newest));
    if (running.size() == 1) return running.front();
    if (running.size() > 1) return nullptr;
    if (newest || old.empty()) return newest;
    return *std::max_element(old.begin(), old.end(), createdBefore);
}

// Whether the set believes, as the Deployment does, that it has all the Pods, and all are available.
bool isSaturated(const appsv1::Deployment& deployment, const Set& set) {
    const std::int32_t desired = desiredReplicas(deployment);
    return set && sizeOf(*set) == desired && desiredReplicasAnnotation(*set) == desired && set->status.availableReplicas == desired;
}

// By how much the set would change if it kept its share of the Deployment's greatest size.
std::int32_t fraction(const appsv1::ReplicaSet& set, const appsv1::Deployment& deployment) {
    const std::int32_t desired = desiredReplicas(deployment);
    if (desired == 0) return -sizeOf(set);
    std::int32_t before = maxReplicasAnnotation(set).value_or(0);
    if (before == 0) before = deployment.status.replicas;  // somebody took the annotation away
    if (before == 0) return 0;
    const double share = static_cast<double>(sizeOf(set)) * (desired + fenceposts(deployment).surge) / before;
    return static_cast<std::int32_t>(std::lround(share)) - sizeOf(set);
}

// Spreads what is to be added or taken over the sets by their sizes; the largest gets what rounding leaves.
//
//     10 desired, surge 3, sets of 8 and 5; scaled to 15: 18 - 13 = 5 more
//     8 * 18/13 = 11.08 -> +3, 5 * 18/13 = 6.9 -> +2: 11 and 7
std::vector<Resize> planProportions(const appsv1::Deployment& deployment, ReplicaSets sets) {
    const std::int32_t desired = desiredReplicas(deployment);
    const std::int32_t allowed = desired > 0 ? desired + fenceposts(deployment).surge : 0;
    const std::int32_t toAdd = allowed - totalSize(sets);
    // Of equal sizes the newer grows first and the older shrinks first.
    std::sort(sets.begin(), sets.end(), [toAdd](const Set& a, const Set& b) {
        if (sizeOf(*a) != sizeOf(*b)) return sizeOf(*a) > sizeOf(*b);
        return toAdd > 0 ? createdBefore(b, a) : createdBefore(a, b);
    });
    std::vector<Resize> plan;
    std::int32_t added = 0;
    for (const auto& set : sets) {
        std::int32_t share = 0;
        if (toAdd > 0) share = std::min(fraction(*set, deployment), toAdd - added);
        if (toAdd < 0) share = std::max(fraction(*set, deployment), toAdd - added);
        added += share;
        plan.push_back({set, sizeOf(*set), sizeOf(*set) + share});
    }
    if (!plan.empty() && toAdd != 0) plan.front().to = std::max(0, plan.front().to + toAdd - added);
    return plan;
}

}  // namespace

std::int32_t desiredReplicas(const appsv1::Deployment& deployment) { return deployment.spec.replicas.value_or(1); }
std::int32_t sizeOf(const appsv1::ReplicaSet& set) { return set.spec.replicas.value_or(1); }
bool isRollingUpdate(const appsv1::Deployment& deployment) { return deployment.spec.strategy.type == appsv1::RollingUpdateDeploymentStrategyType; }

Fenceposts fenceposts(const appsv1::Deployment& deployment) {
    if (!isRollingUpdate(deployment)) return {};
    const auto* rolling = deployment.spec.strategy.rollingUpdate.get();
    const std::int32_t desired = desiredReplicas(deployment);
    Fenceposts posts;
    if (rolling) posts = {share(rolling->maxSurge, desired, true), share(rolling->maxUnavailable, desired, false)};
    if (posts.surge == 0 && posts.unavailable == 0) posts.unavailable = 1;
    return posts;
}

bool sameTemplate(const corev1::PodTemplateSpec& a, const corev1::PodTemplateSpec& b) {
    if (!(a.spec == b.spec)) return false;
    metav1::ObjectMeta left = a.metadata;
    metav1::ObjectMeta right = b.metadata;
    left.labels.erase(appsv1::DefaultDeploymentUniqueLabelKey);
    right.labels.erase(appsv1::DefaultDeploymentUniqueLabelKey);
    return left == right;
}

Set newestReplicaSet(const appsv1::Deployment& deployment, const ReplicaSets& sets) {
    for (const auto& set : inOrderOfCreation(sets)) {
        if (sameTemplate(set->spec.template_, deployment.spec.template_)) return set;
    }
    return nullptr;
}

std::int32_t newReplicaSetSize(const appsv1::Deployment& deployment, const ReplicaSets& others, std::int32_t current) {
    const std::int32_t desired = desiredReplicas(deployment);
    if (!isRollingUpdate(deployment)) return desired;
    const auto* rolling = deployment.spec.strategy.rollingUpdate.get();
    const std::int32_t most = desired + (rolling ? share(rolling->maxSurge, desired, true) : 0);
    const std::int32_t room = most - totalSize(others) - current;
    if (room <= 0) return current;
    return current + std::min(room, desired - current);
}

std::vector<Resize> planRollingUp(const appsv1::Deployment& deployment, const Set& newest, const ReplicaSets& old) {
    const std::int32_t size = sizeOf(*newest);
    const std::int32_t desired = desiredReplicas(deployment);
    if (size == desired) return {};
    const std::int32_t next = size > desired ? desired : newReplicaSetSize(deployment, old, size);
    if (next == size) return {};
    return {{newest, size, next}};
}

std::vector<Resize> planRollingDown(const appsv1::Deployment& deployment, const Set& newest, const ReplicaSets& old) {
    const ReplicaSets running = inOrderOfCreation(active(old));
    if (running.empty() || std::ranges::any_of(with(running, newest), lags)) return {};
    const std::int32_t minAvailable = desiredReplicas(deployment) - maxUnavailable(deployment);
    const std::int32_t newUnavailable = sizeOf(*newest) - availableOf(*newest);
    const std::int32_t mayGo = totalSize(with(old, newest)) - minAvailable - newUnavailable;
    if (mayGo <= 0) return {};

    std::vector<Resize> plan;
    std::map<const appsv1::ReplicaSet*, std::int32_t> sizes;
    const auto shrink = [&](const Set& set, std::int32_t by) {
        std::int32_t& size = sizes.try_emplace(set.get(), sizeOf(*set)).first->second;
        plan.push_back({set, size, size - by});
        size -= by;
    };
    // Unhealthy Pods first: taking them away costs no availability, and they would block the rollout.
    std::int32_t gone = 0;
    for (const auto& set : running) {
        const std::int32_t unhealthy = std::min(mayGo - gone, sizeOf(*set) - set->status.availableReplicas);
        if (unhealthy <= 0) continue;
        shrink(set, unhealthy);
        gone += unhealthy;
    }
    std::int32_t spare = totalAvailable(with(running, newest)) - minAvailable;
    for (const auto& set : running) {
        const auto shrunk = sizes.find(set.get());
        const std::int32_t size = shrunk == sizes.end() ? sizeOf(*set) : shrunk->second;
        const std::int32_t by = std::min(size, spare);
        if (by <= 0) continue;
        shrink(set, by);
        spare -= by;
    }
    return plan;
}

std::vector<Resize> planScale(const appsv1::Deployment& deployment, const Set& newest, const ReplicaSets& old) {
    const std::int32_t desired = desiredReplicas(deployment);
    if (const Set only = activeOrLatest(newest, old)) {
        if (sizeOf(*only) == desired) return {};
        return {{only, sizeOf(*only), desired}};
    }
    if (isSaturated(deployment, newest)) {
        std::vector<Resize> plan;
        for (const auto& set : active(old)) plan.push_back({set, sizeOf(*set), 0});
        return plan;
    }
    if (!isRollingUpdate(deployment)) return {};
    return planProportions(deployment, active(with(old, newest)));
}

bool isScalingEvent(const appsv1::Deployment& deployment, const ReplicaSets& all) {
    return std::any_of(all.begin(), all.end(), [&](const Set& set) {
        if (sizeOf(*set) == 0) return false;
        const auto told = desiredReplicasAnnotation(*set);
        return told && *told != desiredReplicas(deployment);
    });
}

ReplicaSets planCleanup(const appsv1::Deployment& deployment, const ReplicaSets& old) {
    const auto limit = deployment.spec.revisionHistoryLimit;
    if (!limit || *limit == std::numeric_limits<std::int32_t>::max()) return {};
    ReplicaSets alive;
    for (const auto& set : old) {
        if (!set->metadata.deletionTimestamp) alive.push_back(set);
    }
    const auto surplus = static_cast<std::int64_t>(alive.size()) - *limit;
    if (surplus <= 0) return {};
    std::sort(alive.begin(), alive.end(), [](const Set& a, const Set& b) {
        const auto left = revisionAnnotationOf(*a);
        const auto right = revisionAnnotationOf(*b);
        return !left || !right || *left == *right ? createdBefore(a, b) : *left < *right;
    });
    alive.resize(static_cast<std::size_t>(surplus));
    std::erase_if(alive, [](const Set& set) {
        return set->status.replicas != 0 || sizeOf(*set) != 0 || set->metadata.generation > set->status.observedGeneration;
    });
    return alive;
}

}  // namespace qd::controllers
