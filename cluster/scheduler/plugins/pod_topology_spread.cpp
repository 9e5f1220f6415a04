#include "cluster/scheduler/plugins/pod_topology_spread.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace qd::scheduler {
namespace {

constexpr std::string_view kHostname = "kubernetes.io/hostname";

bool hasAllKeys(const NodeInfo& node, const std::vector<SpreadConstraint>& constraints) {
    return std::all_of(constraints.begin(), constraints.end(), [&](const auto& each) { return node.label(each.topologyKey) != nullptr; });
}

// For DoNotSchedule: how many Pods each domain has, and the least of them.
struct Domains : StateOf<Domains> {
    std::vector<SpreadConstraint> constraints;
    std::vector<std::unordered_map<std::string, int>> counts;  // by constraint, by domain
    std::vector<int> least;

    void findLeast(std::size_t i) {
        least[i] = std::numeric_limits<int>::max();
        for (const auto& [domain, count] : counts[i]) least[i] = std::min(least[i], count);
        // With fewer domains than asked for, an empty one is still to come.
        if (counts[i].size() < static_cast<std::size_t>(constraints[i].minDomains)) least[i] = 0;
    }
};

// For ScheduleAnyway.
struct Preference : StateOf<Preference> {
    std::vector<SpreadConstraint> constraints;
    std::vector<std::unordered_map<std::string, int>> counts;  // by constraint, by domain; hosts are counted when scored
    std::vector<double> weights;  // fewer domains weigh less, so that many small ones do not drown them
    std::unordered_set<const NodeInfo*> ignored;
};

}  // namespace

PreFilterResult PodTopologySpread::preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) {
    auto constraints = spreadConstraints(*pod.pod, "DoNotSchedule");
    if (!constraints) return {.status = Status::error("obtaining pod's hard topology spread constraints: " + constraints.error().message)};
    if (constraints->empty()) return {.status = Status::skip()};
    auto domains = std::make_unique<Domains>();
    domains->constraints = std::move(*constraints);
    domains->counts.resize(domains->constraints.size());
    domains->least.resize(domains->constraints.size());
    for (const NodeInfo* node : nodes.all()) {
        if (!hasAllKeys(*node, domains->constraints)) continue;
        for (std::size_t i = 0; i < domains->constraints.size(); ++i) {
            const auto& constraint = domains->constraints[i];
            if (!constraint.includes(*node, *pod.pod)) continue;
            domains->counts[i][*node->label(constraint.topologyKey)] += constraint.count(*node, pod.podClass->ns);
        }
    }
    for (std::size_t i = 0; i < domains->constraints.size(); ++i) domains->findLeast(i);
    state.put(slot, CycleState::Step::Filter, std::move(domains));
    return {};
}

void PodTopologySpread::change(CycleState& state, const PodInfo& pod, const PodInfo& other, const NodeInfo& node, int by) const {
    auto* domains = state.get<Domains>(slot, CycleState::Step::Filter);
    if (!domains || other.podClass->ns != pod.podClass->ns || other.terminating() || !hasAllKeys(node, domains->constraints)) return;
    for (std::size_t i = 0; i < domains->constraints.size(); ++i) {
        const auto& constraint = domains->constraints[i];
        if (!constraint.takesClass(*other.podClass) || !constraint.includes(node, *pod.pod)) continue;
        domains->counts[i][*node.label(constraint.topologyKey)] += by;
        domains->findLeast(i);
    }
}

void PodTopologySpread::podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added, const NodeInfo& node) const {
    change(state, pod, added, node, 1);
}

void PodTopologySpread::podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed, const NodeInfo& node) const {
    change(state, pod, removed, node, -1);
}

Status PodTopologySpread::filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
    const auto& domains = *state.get<Domains>(slot, CycleState::Step::Filter);
    for (std::size_t i = 0; i < domains.constraints.size(); ++i) {
        const auto& constraint = domains.constraints[i];
        const std::string* domain = node.label(constraint.topologyKey);
        if (!domain) return Status::unresolvable(m_noLabel);
        const auto found = domains.counts[i].find(*domain);
        const int already = found == domains.counts[i].end() ? 0 : found->second;
        const int itself = constraint.takesClass(*pod.podClass) ? 1 : 0;
        if (already + itself - domains.least[i] > constraint.maxSkew) return Status::unschedulable(m_skewed);
    }
    return {};
}

Status PodTopologySpread::preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) {
    auto preference = std::make_unique<Preference>();
    const bool ownConstraints = !pod.pod->spec.topologySpreadConstraints.empty();
    if (ownConstraints) {
        auto constraints = spreadConstraints(*pod.pod, "ScheduleAnyway");
        if (!constraints) return Status::error("obtaining pod's soft topology spread constraints: " + constraints.error().message);
        preference->constraints = std::move(*constraints);
    } else {
        preference->constraints = m_defaults.of(*pod.pod);
    }
    const auto& constraints = preference->constraints;
    if (constraints.empty()) return Status::skip();

    // A node without a zone still spreads by host, unless the Pod itself asked for zones.
    std::vector<std::size_t> sizes(constraints.size(), 0);
    preference->counts.resize(constraints.size());
    bool domainsBeyondHosts = false;
    for (const NodeInfo* node : feasible) {
        if (ownConstraints && !hasAllKeys(*node, constraints)) {
            preference->ignored.insert(node);
            continue;
        }
        for (std::size_t i = 0; i < constraints.size(); ++i) {
            if (constraints[i].topologyKey == kHostname) continue;
            const std::string* domain = node->label(constraints[i].topologyKey);
            if (preference->counts[i].try_emplace(domain ? *domain : std::string(), 0).second) ++sizes[i];
            if (domain) domainsBeyondHosts = true;
        }
    }
    for (std::size_t i = 0; i < constraints.size(); ++i) {
        if (constraints[i].topologyKey == kHostname) sizes[i] = feasible.size() - preference->ignored.size();
        preference->weights.push_back(std::log(static_cast<double>(sizes[i] + 2)));
    }
    if (domainsBeyondHosts) {
        for (const NodeInfo* node : nodes.all()) {
            if (ownConstraints && !hasAllKeys(*node, constraints)) continue;
            for (std::size_t i = 0; i < constraints.size(); ++i) {
                const std::string* domain = node->label(constraints[i].topologyKey);
                if (!domain || constraints[i].topologyKey == kHostname) continue;
                const auto found = preference->counts[i].find(*domain);
                if (found == preference->counts[i].end() || !constraints[i].includes(*node, *pod.pod)) continue;
                found->second += constraints[i].count(*node, pod.podClass->ns);
            }
        }
    }
    state.put(slot, CycleState::Step::Score, std::move(preference));
    return {};
}

std::int64_t PodTopologySpread::score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
    const auto& preference = *state.get<Preference>(slot, CycleState::Step::Score);
    if (preference.ignored.contains(&node)) return 0;
    double sum = 0;
    for (std::size_t i = 0; i < preference.constraints.size(); ++i) {
        const auto& constraint = preference.constraints[i];
        const std::string* domain = node.label(constraint.topologyKey);
        if (!domain) continue;
        const int count = constraint.topologyKey == kHostname ? constraint.count(node, pod.podClass->ns) : preference.counts[i].at(*domain);
        sum += count * preference.weights[i] + (constraint.maxSkew - 1);
    }
    return std::llround(sum);
}

void PodTopologySpread::normalize(const CycleState& state, const Feasible& feasible, std::vector<std::int64_t>& scores) const {
    const auto& preference = *state.get<Preference>(slot, CycleState::Step::Score);
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t most = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (preference.ignored.contains(feasible[i])) continue;
        least = std::min(least, scores[i]);
        most = std::max(most, scores[i]);
    }
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (preference.ignored.contains(feasible[i])) {
            scores[i] = 0;
        } else {
            scores[i] = most == 0 ? kMaxScore : kMaxScore * (most + least - scores[i]) / most;
        }
    }
}

bool PodTopologySpread::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    const auto constraints = spreadConstraints(*pod.pod, "DoNotSchedule");
    if (!constraints) return true;
    if (event.nodeBefore() || event.nodeAfter()) {
        const auto matches = [&](const corev1::Node* node) {
            return node && std::all_of(constraints->begin(), constraints->end(), [&](const auto& each) { return node->metadata.labels.contains(each.topologyKey); });
        };
        return matches(event.nodeBefore()) || matches(event.nodeAfter());
    }
    const auto* other = event.podAfter() ? event.podAfter() : event.podBefore();
    if (!other) return true;
    if (other->metadata.uid == pod.uid()) return true;
    if (other->metadata.namespace_ != pod.podClass->ns) return false;
    const auto takes = [&](const corev1::Pod* which) {
        return which && std::any_of(constraints->begin(), constraints->end(), [&](const auto& each) { return each.selector.matches(which->metadata.labels); });
    };
    return takes(event.podBefore()) || takes(event.podAfter());
}

}  // namespace qd::scheduler
