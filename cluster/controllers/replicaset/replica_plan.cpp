#include "cluster/controllers/replicaset/replica_plan.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "cluster/controllers/pods/pod_state.h"

namespace qd::controllers {
namespace {

int phaseRank(const corev1::Pod& pod) {
    if (pod.status.phase == corev1::PodPending) return 0;
    if (pod.status.phase == corev1::PodRunning) return 2;
    return 1;
}

// controller.kubernetes.io/pod-deletion-cost; a value that is no 32-bit number counts as none.
std::int32_t deletionCost(const corev1::Pod& pod) {
    const auto found = pod.metadata.annotations.find(corev1::PodDeletionCost);
    if (found == pod.metadata.annotations.end()) return 0;
    const std::string& text = found->second;
    std::int32_t cost = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cost);
    return error == std::errc() && end == text.data() + text.size() ? cost : 0;
}

// Restarts of the container that restarted most: of the regular ones, then of the sidecars.
std::pair<int, int> mostRestarts(const corev1::Pod& pod) {
    std::pair<int, int> most{0, 0};
    for (const auto& status : pod.status.containerStatuses) most.first = std::max(most.first, status.restartCount);
    std::set<std::string_view> sidecars;
    for (const auto& container : pod.spec.initContainers) {
        if (container.restartPolicy == corev1::ContainerRestartPolicyAlways) sidecars.insert(container.name);
    }
    for (const auto& status : pod.status.initContainerStatuses) {
        if (sidecars.contains(status.name)) most.second = std::max(most.second, status.restartCount);
    }
    return most;
}

// Ages count by their powers of two, so that among Pods of about the same age the choice is as good as random.
int ageRank(api::Time since, base::WallTime now) {
    const auto age = std::chrono::nanoseconds(now - since.wall()).count();
    return age > 0 ? static_cast<int>(std::log2(static_cast<double>(age))) : -1;
}

// -1 when `a` began so much later than `b` that it should go first, 1 the other way round; a zero time is the latest.
int compareBeginnings(api::Time a, api::Time b, base::WallTime now) {
    if (a == b) return 0;
    if (a.isZero() || b.isZero()) return a.isZero() ? -1 : 1;
    return ageRank(a, now) - ageRank(b, now);
}

struct Candidate {
    client::Ptr<corev1::Pod> pod;
    int neighbours = 0;  // ready Pods of the same family on its node
};

bool goesFirst(const Candidate& left, const Candidate& right, base::WallTime now) {
    const corev1::Pod& a = *left.pod;
    const corev1::Pod& b = *right.pod;
    if (a.spec.nodeName.empty() != b.spec.nodeName.empty()) return a.spec.nodeName.empty();
    if (phaseRank(a) != phaseRank(b)) return phaseRank(a) < phaseRank(b);
    if (isReady(a) != isReady(b)) return !isReady(a);
    if (deletionCost(a) != deletionCost(b)) return deletionCost(a) < deletionCost(b);
    if (left.neighbours != right.neighbours) return left.neighbours > right.neighbours;
    if (isReady(a) && readySince(a) != readySince(b)) {
        const int order = compareBeginnings(readySince(a), readySince(b), now);
        return order != 0 ? order < 0 : a.metadata.uid < b.metadata.uid;
    }
    if (mostRestarts(a) != mostRestarts(b)) return mostRestarts(a) > mostRestarts(b);
    if (a.metadata.creationTimestamp != b.metadata.creationTimestamp) {
        const int order = compareBeginnings(a.metadata.creationTimestamp, b.metadata.creationTimestamp, now);
        return order != 0 ? order < 0 : a.metadata.uid < b.metadata.uid;
    }
    return false;
}

}  // namespace

Pods inDeletionOrder(const Pods& pods, const Pods& related, base::WallTime now) {
    std::map<std::string_view, int> activeOn;
    for (const auto& pod : related) {
        if (isActive(*pod)) ++activeOn[pod->spec.nodeName];
    }
    std::vector<Candidate> candidates;
    candidates.reserve(pods.size());
    for (const auto& pod : pods) {
        const auto found = activeOn.find(pod->spec.nodeName);
        candidates.push_back({pod, found == activeOn.end() ? 0 : found->second});
    }
    std::stable_sort(candidates.begin(), candidates.end(), [now](const Candidate& a, const Candidate& b) { return goesFirst(a, b, now); });
    Pods ordered;
    ordered.reserve(candidates.size());
    for (auto& candidate : candidates) ordered.push_back(std::move(candidate.pod));
    return ordered;
}

ReplicaPlan planReplicas(int desired, const Pods& active, const Pods& related, base::WallTime now) {
    ReplicaPlan plan;
    const int surplus = static_cast<int>(active.size()) - desired;
    if (surplus < 0) {
        plan.create = std::min(-surplus, kBurstReplicas);
    } else if (surplus > 0) {
        plan.remove = desired > 0 ? inDeletionOrder(active, related, now) : active;
        plan.remove.resize(static_cast<std::size_t>(std::min(surplus, kBurstReplicas)));
    }
    return plan;
}

}  // namespace qd::controllers
