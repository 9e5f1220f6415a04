#include "cluster/scheduler/plugins/pod_topology_spread.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "cluster/api/placement/node_selector.h"

namespace qd::scheduler {
namespace {

constexpr std::string_view kHostname = "kubernetes.io/hostname";
constexpr std::int64_t kAbsent = -1;  // of a domain none of whose nodes counts

using Constraints = std::vector<SpreadConstraint>;
using Topologies = std::vector<const Topology*>;

Topologies topologiesOf(const Constraints& constraints, const Nodes& nodes) {
    Topologies topologies;
    for (const auto& each : constraints) topologies.push_back(&nodes.topology(each.topologyKey));
    return topologies;
}

bool hasAllKeys(const NodeInfo& node, const Topologies& topologies) {
    return std::ranges::all_of(topologies,
                               [&](const auto* each) { return each->domainOf(node) != NodeInfo::kNowhere; });
}

// Whether the Pods of every node count, so that the sums that are kept up will do.
bool countsEverywhere(const SpreadConstraint& constraint, const corev1::Pod& pod) {
    return !constraint.honorTaints && !(constraint.honorAffinity && api::hasRequiredAffinity(pod));
}

std::shared_ptr<const DomainSums> keptSums(const SpreadConstraint& constraint, const Topology& topology,
                                           const PodInfo& pod, const Nodes& nodes) {
    const auto weigh = [ns = pod.podClass->ns, selector = constraint.selector](const PodInfo& other) -> std::int64_t {
        return !selector.empty() && other.podClass->ns == ns && !other.terminating() &&
                       selector.matches(other.podClass->labels)
                   ? 1
                   : 0;
    };
    return nodes.tally("spread " + pod.podClass->ns + '\n' + constraint.selector.toString(), topology, weigh);
}

// needsAllKeys: nodes that lack the label of any constraint do not count.
DomainSums countedSums(const Constraints& constraints, const Topologies& topologies, std::size_t i, const PodInfo& pod,
                       const Nodes& nodes, bool needsAllKeys) {
    DomainSums sums(topologies[i]->domains(), kAbsent);
    for (const NodeInfo* node : nodes.all()) {
        const int domain = topologies[i]->domainOf(*node);
        if (domain == NodeInfo::kNowhere || (needsAllKeys && !hasAllKeys(*node, topologies)) ||
            !constraints[i].includes(*node, *pod.pod))
            continue;
        auto& sum = sums[static_cast<std::size_t>(domain)];
        sum = std::max<std::int64_t>(sum, 0) + constraints[i].count(*node, pod.podClass->ns);
    }
    return sums;
}

// The Pods of each domain that count for a constraint; kAbsent for domains that do not count.
std::shared_ptr<const DomainSums> sumsOf(const Constraints& constraints, const Topologies& topologies, std::size_t i,
                                         const PodInfo& pod, const Nodes& nodes, bool needsAllKeys) {
    const bool allNodes =
        !needsAllKeys || std::ranges::all_of(topologies, [](const auto* each) { return each->coversAll(); });
    if (allNodes && countsEverywhere(constraints[i], *pod.pod))
        return keptSums(constraints[i], *topologies[i], pod, nodes);
    return std::make_shared<const DomainSums>(countedSums(constraints, topologies, i, pod, nodes, needsAllKeys));
}

// For DoNotSchedule: how many Pods each domain has, and the least of them.
struct Domains : StateOf<Domains> {
    Constraints constraints;
    Topologies topologies;
    std::vector<DomainSums> counts;  // by constraint, by domain
    std::vector<std::int64_t> least;

    void findLeast(std::size_t i) {
        least[i] = std::numeric_limits<std::int32_t>::max();
        std::int64_t present = 0;
        for (const std::int64_t count : counts[i]) {
            if (count == kAbsent) continue;
            ++present;
            least[i] = std::min(least[i], count);
        }
        // With fewer domains than asked for, an empty one is still to come.
        if (present < constraints[i].minDomains) least[i] = 0;
    }
};

// For ScheduleAnyway.
struct Preference : StateOf<Preference> {
    Constraints constraints;
    Topologies topologies;
    std::vector<std::shared_ptr<const DomainSums>>
        counts;                   // by constraint; null for hosts, which are counted when scored
    std::vector<double> weights;  // fewer domains weigh less, so that many small ones do not drown them
    std::unordered_set<const NodeInfo*> ignored;

    bool ignores(const NodeInfo& node) const { return !ignored.empty() && ignored.contains(&node); }
};

// How many domains the nodes are in; those without the label are one more.
std::size_t countDomains(const Topology& topology, const Feasible& feasible, const Preference& preference) {
    std::vector<bool> seen(topology.domains() + 1, false);
    std::size_t count = 0;
    for (const NodeInfo* node : feasible) {
        if (preference.ignores(*node)) continue;
        const int domain = topology.domainOf(*node);
        const std::size_t place = domain == NodeInfo::kNowhere ? topology.domains() : static_cast<std::size_t>(domain);
        if (!seen[place]) ++count;
        seen[place] = true;
    }
    return count;
}

}  // namespace

Result<std::vector<SpreadConstraint>> PodTopologySpread::constraintsOf(const PodInfo& pod,
                                                                       std::string_view whenUnsatisfiable) const {
    return pod.pod->spec.topologySpreadConstraints.empty() ? m_defaults.of(*pod.pod, whenUnsatisfiable)
                                                           : spreadConstraints(*pod.pod, whenUnsatisfiable);
}

PreFilterResult PodTopologySpread::preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) {
    auto constraints = constraintsOf(pod, "DoNotSchedule");
    if (!constraints)
        return {.status =
                    Status::error("obtaining pod's hard topology spread constraints: " + constraints.error().message)};
    if (constraints->empty()) return {.status = Status::skip()};
    auto domains = std::make_unique<Domains>();
    domains->constraints = std::move(*constraints);
    domains->topologies = topologiesOf(domains->constraints, nodes);
    domains->least.resize(domains->constraints.size());
    for (std::size_t i = 0; i < domains->constraints.size(); ++i) {
        domains->counts.push_back(*sumsOf(domains->constraints, domains->topologies, i, pod, nodes, true));
        domains->findLeast(i);
    }
    state.put(slot, CycleState::Step::Filter, std::move(domains));
    return {};
}

void PodTopologySpread::change(CycleState& state, const PodInfo& pod, const PodInfo& other, const NodeInfo& node,
                               int by) const {
    auto* domains = state.get<Domains>(slot, CycleState::Step::Filter);
    if (!domains || other.podClass->ns != pod.podClass->ns || other.terminating() ||
        !hasAllKeys(node, domains->topologies))
        return;
    for (std::size_t i = 0; i < domains->constraints.size(); ++i) {
        const auto& constraint = domains->constraints[i];
        if (!constraint.takesClass(*other.podClass) || !constraint.includes(node, *pod.pod)) continue;
        auto& count = domains->counts[i][static_cast<std::size_t>(domains->topologies[i]->domainOf(node))];
        count = std::max<std::int64_t>(count, 0) + by;
        domains->findLeast(i);
    }
}

void PodTopologySpread::podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added,
                                 const NodeInfo& node) const {
    change(state, pod, added, node, 1);
}

void PodTopologySpread::podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed,
                                   const NodeInfo& node) const {
    change(state, pod, removed, node, -1);
}

Status PodTopologySpread::filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
    const auto& domains = *state.get<Domains>(slot, CycleState::Step::Filter);
    for (std::size_t i = 0; i < domains.constraints.size(); ++i) {
        const auto& constraint = domains.constraints[i];
        const int domain = domains.topologies[i]->domainOf(node);
        if (domain == NodeInfo::kNowhere) return Status::unresolvable(m_noLabel);
        const std::int64_t already = std::max<std::int64_t>(domains.counts[i][static_cast<std::size_t>(domain)], 0);
        const int itself = constraint.takesClass(*pod.podClass) ? 1 : 0;
        if (already + itself - domains.least[i] > constraint.maxSkew) return Status::unschedulable(m_skewed);
    }
    return {};
}

Status PodTopologySpread::preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible,
                                   const Nodes& nodes) {
    // A node without a zone still spreads by host, unless the Pod itself asked for zones.
    const bool needsAllKeys = !pod.pod->spec.topologySpreadConstraints.empty() || !m_defaults.isSystems();
    auto wanted = constraintsOf(pod, "ScheduleAnyway");
    if (!wanted) return Status::error("obtaining pod's soft topology spread constraints: " + wanted.error().message);
    if (wanted->empty()) return Status::skip();
    auto preference = std::make_unique<Preference>();
    preference->constraints = std::move(*wanted);
    preference->topologies = topologiesOf(preference->constraints, nodes);
    const auto& topologies = preference->topologies;
    if (needsAllKeys && !std::ranges::all_of(topologies, [](const auto* each) { return each->coversAll(); })) {
        for (const NodeInfo* node : feasible) {
            if (!hasAllKeys(*node, topologies)) preference->ignored.insert(node);
        }
    }
    for (std::size_t i = 0; i < topologies.size(); ++i) {
        const bool byHost = topologies[i]->key() == kHostname;
        const std::size_t size =
            byHost ? feasible.size() - preference->ignored.size() : countDomains(*topologies[i], feasible, *preference);
        preference->weights.push_back(std::log(static_cast<double>(size + 2)));
        preference->counts.push_back(byHost ? nullptr
                                            : sumsOf(preference->constraints, topologies, i, pod, nodes, needsAllKeys));
    }
    state.put(slot, CycleState::Step::Score, std::move(preference));
    return {};
}

std::int64_t PodTopologySpread::score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
    const auto& preference = *state.get<Preference>(slot, CycleState::Step::Score);
    if (preference.ignores(node)) return 0;
    double sum = 0;
    for (std::size_t i = 0; i < preference.constraints.size(); ++i) {
        const auto& constraint = preference.constraints[i];
        const int domain = preference.topologies[i]->domainOf(node);
        if (domain == NodeInfo::kNowhere) continue;
        const std::int64_t count =
            preference.counts[i] ? std::max<std::int64_t>((*preference.counts[i])[static_cast<std::size_t>(domain)], 0)
                                 : constraint.count(node, pod.podClass->ns);
        sum += static_cast<double>(count) * preference.weights[i] + (constraint.maxSkew - 1);
    }
    return std::llround(sum);
}

void PodTopologySpread::normalize(const CycleState& state, const Feasible& feasible,
                                  std::vector<std::int64_t>& scores) const {
    const auto& preference = *state.get<Preference>(slot, CycleState::Step::Score);
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t most = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (preference.ignores(*feasible[i])) continue;
        least = std::min(least, scores[i]);
        most = std::max(most, scores[i]);
    }
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (preference.ignores(*feasible[i])) {
            scores[i] = 0;
        } else {
            scores[i] = most == 0 ? kMaxScore : kMaxScore * (most + least - scores[i]) / most;
        }
    }
}

bool PodTopologySpread::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    const auto constraints = constraintsOf(pod, "DoNotSchedule");
    if (!constraints) return true;
    if (event.nodeBefore() || event.nodeAfter()) {
        const auto matches = [&](const corev1::Node* node) {
            return node && std::all_of(constraints->begin(), constraints->end(), [&](const auto& each) {
                       return node->metadata.labels.contains(each.topologyKey);
                   });
        };
        return matches(event.nodeBefore()) || matches(event.nodeAfter());
    }
    const auto* other = event.podAfter() ? event.podAfter() : event.podBefore();
    if (!other) return true;
    if (other->metadata.uid == pod.uid()) return true;
    if (other->metadata.namespace_ != pod.podClass->ns) return false;
    const auto takes = [&](const corev1::Pod* which) {
        return which && std::any_of(constraints->begin(), constraints->end(),
                                    [&](const auto& each) { return each.selector.matches(which->metadata.labels); });
    };
    return takes(event.podBefore()) || takes(event.podAfter());
}

}  // namespace qd::scheduler
