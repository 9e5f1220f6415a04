#include "cluster/controllers/daemonset/daemon_pods.h"

#include <algorithm>
#include <set>

#include "cluster/api/placement/node_selector.h"
#include "cluster/api/placement/tolerations.h"
#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/pods/share.h"

namespace qd::controllers {
namespace {

constexpr char kTemplateGeneration[] = "deprecated.daemonset.template.generation";
constexpr char kPodGeneration[] = "pod-template-generation";

void addToleration(std::vector<corev1::Toleration>& tolerations, const char* key, const char* effect) {
    corev1::Toleration wanted;
    wanted.key = key;
    wanted.operator_ = "Exists";
    wanted.effect = effect;
    const auto same = [&](const corev1::Toleration& one) {
        return one.key == wanted.key && one.effect == wanted.effect && one.operator_ == wanted.operator_ &&
               one.value == wanted.value;
    };
    const auto found = std::ranges::find_if(tolerations, same);
    found == tolerations.end() ? tolerations.push_back(wanted) : void(*found = wanted);
}

// A daemon stays where others would have to leave.
void addTolerations(corev1::PodSpec& spec) {
    addToleration(spec.tolerations, "node.kubernetes.io/not-ready", "NoExecute");
    addToleration(spec.tolerations, "node.kubernetes.io/unreachable", "NoExecute");
    for (const char* key : {"node.kubernetes.io/disk-pressure", "node.kubernetes.io/memory-pressure",
                            "node.kubernetes.io/pid-pressure", "node.kubernetes.io/unschedulable"})
        addToleration(spec.tolerations, key, "NoSchedule");
    if (spec.hostNetwork) addToleration(spec.tolerations, "node.kubernetes.io/network-unavailable", "NoSchedule");
}

bool isAvailableNow(const DaemonObservation& observed, const corev1::Pod& pod) {
    return isAvailable(pod, observed.set.spec.minReadySeconds, observed.now);
}

const appsv1::RollingUpdateDaemonSet* rollingUpdate(const appsv1::DaemonSet& set) {
    if (set.spec.updateStrategy.type != appsv1::RollingUpdateDaemonSetStrategyType) return nullptr;
    return set.spec.updateStrategy.rollingUpdate.get();
}

bool allowsSurge(const appsv1::DaemonSet& set) {
    const auto* rolling = rollingUpdate(set);
    return rolling && share(rolling->maxSurge, 100, true) > 0;
}

// The Pods of a node that are to go where at most one old and one new Pod may be.
void pruneSurging(const DaemonObservation& observed, const Pods& running, DaemonPlan& plan) {
    client::Ptr<corev1::Pod> newest, oldest;
    for (const auto& pod : running) {
        auto& place = isOfRevision(*pod, observed.hash) ? newest : oldest;
        if (place)
            plan.remove.push_back(pod);
        else
            place = pod;
    }
    if (newest && oldest && (!isReady(*oldest) || isAvailableNow(observed, *newest))) plan.remove.push_back(oldest);
}

void planNode(const DaemonObservation& observed, const corev1::Node& node, DaemonPlan& plan) {
    const NodeFit fit = fitOf(observed.set, node);
    const std::string& name = node.metadata.name;
    const auto found = observed.podsByNode.find(name);
    const bool has = found != observed.podsByNode.end();
    if (fit.shouldRun && !has) return plan.create.push_back(name);
    if (!has) return;
    Pods running;
    for (const auto& pod : found->second) {
        if (pod->metadata.deletionTimestamp) continue;
        if (!fit.mayContinue) {
            plan.remove.push_back(pod);
        } else if (pod->status.phase == corev1::PodFailed) {
            plan.failed.push_back({name, pod});
        } else if (pod->status.phase == corev1::PodSucceeded) {
            plan.succeeded.push_back(pod);
            plan.remove.push_back(pod);
        } else {
            running.push_back(pod);
        }
    }
    if (!fit.mayContinue) return;
    sortByAge(running);
    if (allowsSurge(observed.set)) {
        if (running.empty() && fit.shouldRun) plan.create.push_back(name);
        return pruneSurging(observed, running, plan);
    }
    for (std::size_t i = 1; i < running.size(); ++i) plan.remove.push_back(running[i]);
}

// The old and the new Pod of a node; not valid where there are more.
struct Pair {
    client::Ptr<corev1::Pod> newPod, oldPod;
    bool valid = true;
};

Pair pairOf(const DaemonObservation& observed, const Pods& pods) {
    Pair pair;
    for (const auto& pod : pods) {
        if (pod->metadata.deletionTimestamp) continue;
        auto& place = isOfRevision(*pod, observed.hash) ? pair.newPod : pair.oldPod;
        if (place) pair.valid = false;
        place = pod;
    }
    return pair;
}

// The nodes that count: where there is a Pod, or is to be one.
std::map<std::string, Pods> nodesInUpdate(const DaemonObservation& observed, int& desired) {
    std::map<std::string, Pods> nodes = observed.podsByNode;
    for (const auto& node : observed.nodes) {
        if (!fitOf(observed.set, *node).shouldRun) continue;
        ++desired;
        nodes.try_emplace(node->metadata.name);
    }
    return nodes;
}

// Removes as many old Pods as may be missing; their successors are made by the next plan.
DaemonPlan planReplacing(const DaemonObservation& observed, const std::map<std::string, Pods>& nodes,
                         int maxUnavailable) {
    DaemonPlan plan;
    Pods candidates;
    int unavailable = 0;
    for (const auto& [node, pods] : nodes) {
        const Pair pair = pairOf(observed, pods);
        if (!pair.valid || static_cast<bool>(pair.oldPod) == static_cast<bool>(pair.newPod)) {
            ++unavailable;
        } else if (pair.newPod) {
            if (!isAvailableNow(observed, *pair.newPod)) ++unavailable;
        } else if (!isAvailableNow(observed, *pair.oldPod)) {
            plan.remove.push_back(pair.oldPod);
            ++unavailable;
        } else {
            candidates.push_back(pair.oldPod);
        }
    }
    for (const auto& pod : candidates) {
        if (unavailable >= maxUnavailable) break;
        plan.remove.push_back(pod);
        ++unavailable;
    }
    return plan;
}

// Makes new Pods beside the old ones, and removes those when the new ones are there.
DaemonPlan planSurging(const DaemonObservation& observed, const std::map<std::string, Pods>& nodes, int desired,
                       int maxSurge) {
    DaemonPlan plan;
    Pods misplaced;
    std::vector<std::string> candidates;
    int surging = 0, available = 0;
    for (const auto& [node, pods] : nodes) {
        const Pair pair = pairOf(observed, pods);
        if (!pair.valid) {
            ++surging;
            continue;
        }
        const auto& counted = pair.oldPod ? pair.oldPod : pair.newPod;
        if (counted && isAvailableNow(observed, *counted)) ++available;
        if (!pair.oldPod) continue;
        if (pair.newPod) {
            if (isAvailableNow(observed, *pair.newPod))
                plan.remove.push_back(pair.oldPod);
            else
                ++surging;
            continue;
        }
        const auto known = std::ranges::find(observed.nodes, node, [](const auto& one) { return one->metadata.name; });
        const bool belongs = known != observed.nodes.end() && fitOf(observed.set, **known).shouldRun;
        const bool works = isAvailableNow(observed, *pair.oldPod);
        if (!belongs)
            (works ? misplaced : plan.remove).push_back(pair.oldPod);
        else
            (works ? candidates : plan.create).push_back(node);
    }
    // Nobody asked for less than all: a Pod on a node that it has to leave stays until there are enough without it.
    for (const auto& pod : misplaced) {
        if (available-- <= desired) break;
        plan.remove.push_back(pod);
    }
    for (const auto& node : candidates) {
        if (surging++ >= maxSurge) break;
        plan.create.push_back(node);
    }
    return plan;
}

}  // namespace

NodeFit fitOf(const appsv1::DaemonSet& set, const corev1::Node& node) {
    const corev1::PodSpec& spec = set.spec.template_.spec;
    if (!spec.nodeName.empty() && spec.nodeName != node.metadata.name) return {};
    corev1::Pod pod;
    pod.spec.nodeSelector = spec.nodeSelector;
    pod.spec.affinity = spec.affinity;
    pod.spec.tolerations = spec.tolerations;
    pod.spec.hostNetwork = spec.hostNetwork;
    addTolerations(pod.spec);
    if (!api::matchesRequiredAffinity(pod, node)) return {};
    if (api::mayBeScheduled(pod.spec.tolerations, node.spec.taints)) return {true, true};
    const bool driven = std::ranges::any_of(node.spec.taints, [&](const auto& taint) {
        return taint.effect == "NoExecute" && !api::tolerates(pod.spec.tolerations, taint);
    });
    return {false, !driven};
}

corev1::Pod daemonPod(const appsv1::DaemonSet& set, const std::string& hash, const std::string& node) {
    corev1::Pod pod = podFromTemplate(set.spec.template_, set);
    addTolerations(pod.spec);
    const auto generation = set.metadata.annotations.find(kTemplateGeneration);
    if (generation != set.metadata.annotations.end()) pod.metadata.labels[kPodGeneration] = generation->second;
    pod.metadata.labels[kRevisionHash] = hash;
    if (!pod.spec.affinity) pod.spec.affinity.emplace();
    if (!pod.spec.affinity->nodeAffinity) pod.spec.affinity->nodeAffinity.emplace();
    auto& required = pod.spec.affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution;
    if (!required) required.emplace();
    required->nodeSelectorTerms.clear();
    auto& name = required->nodeSelectorTerms.emplace_back().matchFields.emplace_back();
    name.key = "metadata.name";
    name.operator_ = "In";
    name.values = {node};
    return pod;
}

std::string targetNode(const corev1::Pod& pod) {
    if (!pod.spec.nodeName.empty() || !pod.spec.affinity || !pod.spec.affinity->nodeAffinity) return pod.spec.nodeName;
    const auto& required = pod.spec.affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution;
    if (!required) return {};
    for (const auto& term : required->nodeSelectorTerms)
        for (const auto& field : term.matchFields)
            if (field.key == "metadata.name" && field.operator_ == "In" && field.values.size() == 1)
                return field.values.front();
    return {};
}

bool isOfRevision(const corev1::Pod& pod, const std::string& hash) {
    const auto found = pod.metadata.labels.find(kRevisionHash);
    return found != pod.metadata.labels.end() && found->second == hash;
}

void sortByAge(Pods& pods) {
    std::ranges::sort(pods, [](const auto& a, const auto& b) {
        if (a->spec.nodeName.empty() != b->spec.nodeName.empty()) return b->spec.nodeName.empty();
        if (a->metadata.creationTimestamp != b->metadata.creationTimestamp)
            return a->metadata.creationTimestamp < b->metadata.creationTimestamp;
        return a->metadata.name < b->metadata.name;
    });
}

DaemonPlan planDaemonPods(const DaemonObservation& observed) {
    DaemonPlan plan;
    std::set<std::string> known;
    for (const auto& node : observed.nodes) {
        known.insert(node->metadata.name);
        planNode(observed, *node, plan);
    }
    // Pods for nodes that are gone would wait for ever.
    for (const auto& [node, pods] : observed.podsByNode)
        for (const auto& pod : pods)
            if (!known.contains(node) && pod->spec.nodeName.empty() && !pod->metadata.deletionTimestamp)
                plan.remove.push_back(pod);
    return plan;
}

DaemonPlan planDaemonUpdate(const DaemonObservation& observed) {
    const auto* rolling = rollingUpdate(observed.set);
    if (!rolling) return {};
    int desired = 0;
    const auto nodes = nodesInUpdate(observed, desired);
    const int surge = share(rolling->maxSurge, desired, true);
    if (surge > 0) return planSurging(observed, nodes, desired, surge);
    return planReplacing(observed, nodes, std::max(1, share(rolling->maxUnavailable, desired, true)));
}

std::optional<base::Duration> nextAvailableIn(const DaemonObservation& observed) {
    std::optional<base::Duration> next;
    for (const auto& [node, pods] : observed.podsByNode) {
        for (const auto& pod : pods) {
            if (pod->metadata.deletionTimestamp) continue;
            const auto left = availableIn(*pod, observed.set.spec.minReadySeconds, observed.now);
            if (left && (!next || *left < *next)) next = left;
        }
    }
    return next;
}

appsv1::DaemonSetStatus daemonStatus(const DaemonObservation& observed) {
    appsv1::DaemonSetStatus status = observed.set.status;
    status.desiredNumberScheduled = status.currentNumberScheduled = status.numberMisscheduled = status.numberReady = 0;
    status.updatedNumberScheduled = status.numberAvailable = 0;
    for (const auto& node : observed.nodes) {
        const bool belongs = fitOf(observed.set, *node).shouldRun;
        const auto found = observed.podsByNode.find(node->metadata.name);
        const bool has = found != observed.podsByNode.end() && !found->second.empty();
        if (belongs) ++status.desiredNumberScheduled;
        if (!has) continue;
        if (!belongs) {
            ++status.numberMisscheduled;
            continue;
        }
        ++status.currentNumberScheduled;
        Pods pods = found->second;
        sortByAge(pods);
        const corev1::Pod& pod = *pods.front();
        if (isReady(pod)) ++status.numberReady;
        if (isAvailableNow(observed, pod)) ++status.numberAvailable;
        if (isOfRevision(pod, observed.hash)) ++status.updatedNumberScheduled;
    }
    status.numberUnavailable = status.desiredNumberScheduled - status.numberAvailable;
    return status;
}

}  // namespace qd::controllers
