#include "tests/simulation/invariants/daemons.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::simulation {
namespace {

std::int32_t numberOf(const std::optional<api::IntOrString>& value) {
    return value ? value->number : 0;
}

// Until the scheduler has placed it, a daemon's Pod names its node in an affinity.
std::string nodeOf(const corev1::Pod& pod) {
    if (!pod.spec.nodeName.empty() || !pod.spec.affinity || !pod.spec.affinity->nodeAffinity) return pod.spec.nodeName;
    const auto& required = pod.spec.affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution;
    if (!required) return "";
    for (const auto& term : required->nodeSelectorTerms) {
        for (const auto& field : term.matchFields) {
            if (field.key == "metadata.name" && field.values.size() == 1) return field.values.front();
        }
    }
    return "";
}

api::Time readySince(const corev1::Pod& pod) {
    for (const auto& condition : pod.status.conditions)
        if (condition.type == "Ready") return condition.lastTransitionTime;
    return {};
}

}  // namespace

std::optional<std::string> DaemonsInvariant::see(const Commit& commit) {
    const auto& meta = commit.object().metadata;
    if (const auto* node = api::objectAs<corev1::Node>(commit.object())) {
        seeNode(*node, commit.when);
    } else if (const auto* set = api::objectAs<appsv1::DaemonSet>(commit.object())) {
        if (meta.namespace_ == m_ns && meta.name == m_name) seeSet(*set);
    } else if (const auto* pod = api::objectAs<corev1::Pod>(commit.object())) {
        if (meta.namespace_ == m_ns && isControlledBy(*pod, "DaemonSet", m_name)) return seePod(commit, *pod);
    }
    return std::nullopt;
}

void DaemonsInvariant::seeSet(const appsv1::DaemonSet& set) {
    m_selector = {set.spec.template_.spec.nodeSelector.begin(), set.spec.template_.spec.nodeSelector.end()};
    m_minReadySeconds = set.spec.minReadySeconds;
    if (!set.spec.updateStrategy.rollingUpdate) return;
    m_unavailable = numberOf(set.spec.updateStrategy.rollingUpdate->maxUnavailable);
    m_surge = numberOf(set.spec.updateStrategy.rollingUpdate->maxSurge);
}

void DaemonsInvariant::seeNode(const corev1::Node& node, base::SteadyTime when) {
    NodeState& state = m_nodes[node.metadata.name];
    state.wanted = node.spec.taints.empty() && std::ranges::all_of(m_selector, [&](const auto& each) {
        const auto label = node.metadata.labels.find(each.first);
        return label != node.metadata.labels.end() && label->second == each.second;
    });
    if (state.wanted) return;
    state.unwanted = when;
    state.robbed = false;
}

std::optional<std::string> DaemonsInvariant::judgeNode(const std::string& node, base::SteadyTime when) {
    std::set<std::string> revisions;
    int pods = 0;
    for (const auto& [name, pod] : m_pods) {
        if (pod.node != node) continue;
        ++pods;
        revisions.insert(pod.revision);
    }
    NodeState& state = m_nodes[node];
    const bool fits = pods <= 1 || (m_surge > 0 && pods == 2 && revisions.size() == 2);
    if (fits) state.tooManySince.reset();
    if (!fits && !state.tooManySince) state.tooManySince = when;
    return std::nullopt;
}

std::optional<std::string> DaemonsInvariant::seePod(const Commit& commit, const corev1::Pod& pod) {
    const std::string node = nodeOf(pod);
    if (node.empty()) return fmt::format("{} is for no node", pod.metadata.name);
    const auto known = m_pods.find(pod.metadata.name);
    const PodState before = known == m_pods.end() ? PodState() : known->second;
    const bool active = !commit.gone() && isActive(pod);
    const bool ready = active && isReady(pod);
    if (active) {
        const auto hash = pod.metadata.labels.find("controller-revision-hash");
        m_pods[pod.metadata.name] = {
            .node = node,
            .revision = hash == pod.metadata.labels.end() ? "" : hash->second,
            .ready = ready,
            .readySince = readySince(pod),
            .created = pod.metadata.creationTimestamp};
    } else if (known != m_pods.end()) {
        m_pods.erase(known);
    }
    NodeState& state = m_nodes[node];
    if (ready) state.robbed = false;
    const bool longWanted = state.wanted && (!state.unwanted || commit.when - *state.unwanted > kLate);
    if (commit.removes() && commit.actor() == "daemonset-controller" && before.ready && longWanted &&
        !mayGo(before, commit.event.time)) {
        state.robbed = std::ranges::none_of(
            m_pods, [&](const auto& each) { return each.second.node == node && each.second.ready; });
        const auto robbed = std::ranges::count_if(m_nodes, [](const auto& each) { return each.second.robbed; });
        if (robbed > m_unavailable)
            return fmt::format("{} nodes go without, more than maxUnavailable {}", robbed, m_unavailable);
    }
    return judgeNode(node, commit.when);
}

bool DaemonsInvariant::mayGo(const PodState& pod, base::WallTime now) const {
    if (pod.readySince.wall() + std::chrono::seconds(m_minReadySeconds) > now) return true;
    return std::ranges::any_of(m_pods, [&](const auto& each) {
        return each.second.node == pod.node && each.second.created <= pod.created;
    });
}

std::optional<std::string> DaemonsInvariant::check(base::SteadyTime now) {
    for (const auto& [name, node] : m_nodes) {
        if (node.tooManySince && now - *node.tooManySince > kLate)
            return fmt::format("{} has too many of {}'s Pods for too long", name, m_name);
    }
    return std::nullopt;
}

}  // namespace qd::simulation
