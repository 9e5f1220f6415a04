#include "cluster/scheduler/plugins/inter_pod_affinity.h"

#include <algorithm>

namespace qd::scheduler {
namespace {

const AffinityTerms kNoTerms;

const AffinityTerms& termsOf(const PodInfo& pod) {
    return pod.affinity ? *pod.affinity : kNoTerms;
}

using Lister = client::Lister<corev1::Namespace>;

std::int64_t sumAt(const Topology& topology, const DomainSums& sums, const NodeInfo& node) {
    const int domain = topology.domainOf(node);
    return domain == NodeInfo::kNowhere ? 0 : sums[static_cast<std::size_t>(domain)];
}

// How many of the terms of this key take the Pod.
std::int64_t countTerms(const AffinityTermList& terms, const std::string& key, const PodClass& pod, const Lister& all) {
    return std::ranges::count_if(
        terms, [&](const auto& term) { return term.topologyKey == key && term.matches(pod.ns, pod.labels, all); });
}

std::int64_t weighTerms(const AffinityTermList& terms, const std::string& key, const PodClass& pod, const Lister& all) {
    std::int64_t sum = 0;
    for (const auto& term : terms) {
        if (term.topologyKey == key && term.matches(pod.ns, pod.labels, all)) sum += term.weight;
    }
    return sum;
}

bool takesAll(const AffinityTermList& terms, const PodClass& pod, const Lister& all) {
    return std::ranges::all_of(terms, [&](const auto& term) { return term.matches(pod.ns, pod.labels, all); });
}

std::set<std::string> keysOf(const AffinityTermList& terms) {
    std::set<std::string> keys;
    for (const auto& term : terms) keys.insert(term.topologyKey);
    return keys;
}

bool hasPreferences(const AffinityTerms& terms) {
    return !terms.preferred.empty() || !terms.preferredAnti.empty();
}

bool movedDomain(const corev1::Node* before, const corev1::Node* after, const std::string& key, bool mayLoseIt) {
    const auto valueOn = [&](const corev1::Node* node) -> const std::string* {
        const auto found = node->metadata.labels.find(key);
        return found == node->metadata.labels.end() ? nullptr : &found->second;
    };
    const std::string* was = valueOn(before);
    const std::string* is = valueOn(after);
    if (was && is) return *was != *is;
    return mayLoseIt ? was != nullptr : is != nullptr;
}

}  // namespace

struct InterPodAffinity::Counts : StateOf<Counts> {
    struct ByKey {
        const Topology* topology = nullptr;
        Tallies::Weigh weigh;
        DomainSums sums;

        std::int64_t at(const NodeInfo& node) const { return sumAt(*topology, sums, node); }
        bool isAnywhere() const {
            return std::ranges::any_of(sums, [](std::int64_t sum) { return sum != 0; });
        }
    };
    std::vector<ByKey> wanted;          // Pods that this one wants to be near: that all its terms take
    std::vector<ByKey> unwanted;        // Pods that this one does not want to be near
    std::vector<ByKey> unwantedByThem;  // Pods that do not want this one near
};

struct InterPodAffinity::Preference : StateOf<Preference> {
    struct ByKey {
        const Topology* topology = nullptr;
        std::shared_ptr<const DomainSums> sums;
    };
    std::vector<ByKey> weights;
};

PreFilterResult InterPodAffinity::preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) {
    const AffinityTerms& own = termsOf(pod);
    if (own.required.empty() && own.requiredAnti.empty() && nodes.requiredAntiKeys().empty())
        return {.status = Status::skip()};
    auto counts = std::make_unique<Counts>();
    const auto add = [&](std::vector<Counts::ByKey>& to, const std::string& question, const std::string& key,
                         Tallies::Weigh weigh) {
        const Topology& topology = nodes.topology(key);
        const auto sums = nodes.tally(question, topology, weigh);
        to.push_back({&topology, std::move(weigh), *sums});
    };
    for (const auto& key : keysOf(own.required)) {
        add(counts->wanted, "wanted " + own.identity, key,
            [terms = pod.affinity, all = m_namespaces](const PodInfo& other) -> std::int64_t {
                return takesAll(terms->required, *other.podClass, all) ? 1 : 0;
            });
    }
    for (const auto& key : keysOf(own.requiredAnti)) {
        add(counts->unwanted, "unwanted " + own.identity, key,
            [terms = pod.affinity, key, all = m_namespaces](const PodInfo& other) {
                return countTerms(terms->requiredAnti, key, *other.podClass, all);
            });
    }
    for (const auto& [key, count] : nodes.requiredAntiKeys()) {
        add(counts->unwantedByThem, "unwanted by others " + pod.podClass->key, key,
            [podClass = pod.podClass, key = key, all = m_namespaces](const PodInfo& other) {
                return countTerms(termsOf(other).requiredAnti, key, *podClass, all);
            });
    }
    std::erase_if(counts->unwantedByThem, [](const auto& each) { return !each.isAnywhere(); });
    if (own.required.empty() && own.requiredAnti.empty() && counts->unwantedByThem.empty())
        return {.status = Status::skip()};
    state.put(slot, CycleState::Step::Filter, std::move(counts));
    return {};
}

void InterPodAffinity::change(CycleState& state, const PodInfo& other, const NodeInfo& node, int by) const {
    auto* counts = state.get<Counts>(slot, CycleState::Step::Filter);
    if (!counts) return;
    for (auto* list : {&counts->wanted, &counts->unwanted, &counts->unwantedByThem}) {
        for (auto& each : *list) {
            const int domain = each.topology->domainOf(node);
            if (domain != NodeInfo::kNowhere) each.sums[static_cast<std::size_t>(domain)] += by * each.weigh(other);
        }
    }
}

void InterPodAffinity::podAdded(CycleState& state, const PodInfo&, const PodInfo& added, const NodeInfo& node) const {
    change(state, added, node, 1);
}
void InterPodAffinity::podRemoved(CycleState& state, const PodInfo&, const PodInfo& removed,
                                  const NodeInfo& node) const {
    change(state, removed, node, -1);
}

bool InterPodAffinity::isBesideThoseItWants(const Counts& counts, const PodInfo& pod, const NodeInfo& node) const {
    const auto& wanted = counts.wanted;
    if (std::ranges::any_of(wanted,
                            [&](const auto& each) { return each.topology->domainOf(node) == NodeInfo::kNowhere; }))
        return false;
    if (std::ranges::all_of(wanted, [&](const auto& each) { return each.at(node) > 0; })) return true;
    // The first of Pods that want to be near each other may stand anywhere.
    const bool isFirst = std::ranges::none_of(wanted, [](const auto& each) { return each.isAnywhere(); });
    return isFirst && takesAll(termsOf(pod).required, *pod.podClass, m_namespaces);
}

Status InterPodAffinity::filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
    const auto& counts = *state.get<Counts>(slot, CycleState::Step::Filter);
    const auto isThere = [&](const Counts::ByKey& each) { return each.at(node) > 0; };
    if (!isBesideThoseItWants(counts, pod, node)) return Status::unresolvable(m_notBeside);
    if (std::ranges::any_of(counts.unwanted, isThere)) return Status::unschedulable(m_besideUnwanted);
    if (std::ranges::any_of(counts.unwantedByThem, isThere)) return Status::unschedulable(m_unwanted);
    return {};
}

Status InterPodAffinity::preScore(CycleState& state, const PodInfo& pod, const Feasible&, const Nodes& nodes) {
    const AffinityTerms& own = termsOf(pod);
    const bool itself = hasPreferences(own);
    if (!itself && m_ignoreOthersPreferences) return Status::skip();
    std::set<std::string> keys = keysOf(own.preferred);
    keys.merge(keysOf(own.preferredAnti));
    for (const auto& [key, count] : nodes.preferenceKeys()) keys.insert(key);
    auto preference = std::make_unique<Preference>();
    for (const auto& key : keys) {
        const Topology& topology = nodes.topology(key);
        const auto weigh = [terms = pod.affinity, podClass = pod.podClass, key, all = m_namespaces,
                            required = m_requiredWeight](const PodInfo& other) {
            const AffinityTerms& mine = terms ? *terms : kNoTerms;
            const AffinityTerms& theirs = termsOf(other);
            return weighTerms(mine.preferred, key, *other.podClass, all) -
                   weighTerms(mine.preferredAnti, key, *other.podClass, all) +
                   weighTerms(theirs.preferred, key, *podClass, all) -
                   weighTerms(theirs.preferredAnti, key, *podClass, all) +
                   required * countTerms(theirs.required, key, *podClass, all);
        };
        auto sums = nodes.tally("preferred " + pod.podClass->key + '\n' + own.identity, topology, weigh);
        if (std::ranges::any_of(*sums, [](std::int64_t sum) { return sum != 0; }))
            preference->weights.push_back({&topology, std::move(sums)});
    }
    if (preference->weights.empty()) return Status::skip();
    state.put(slot, CycleState::Step::Score, std::move(preference));
    return {};
}

std::int64_t InterPodAffinity::score(const CycleState& state, const PodInfo&, const NodeInfo& node) const {
    std::int64_t sum = 0;
    for (const auto& each : state.get<Preference>(slot, CycleState::Step::Score)->weights)
        sum += sumAt(*each.topology, *each.sums, node);
    return sum;
}

void InterPodAffinity::normalize(const CycleState&, const Feasible&, std::vector<std::int64_t>& scores) const {
    if (scores.empty()) return;
    const auto [least, most] = std::ranges::minmax(scores);
    for (auto& score : scores) {
        score = most == least
                    ? 0
                    : static_cast<std::int64_t>(static_cast<double>(kMaxScore) * (static_cast<double>(score - least) /
                                                                                  static_cast<double>(most - least)));
    }
}

bool InterPodAffinity::podMayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    const corev1::Pod* before = event.podBefore();
    const corev1::Pod* after = event.podAfter();
    const AffinityTerms& own = termsOf(pod);
    const auto matches = [&](const AffinityTermList& terms, const corev1::Pod* which) {
        return which && matchesAll(terms, *which, m_namespaces);
    };
    if (before && after && before->metadata.uid == after->metadata.uid && after->metadata.uid == pod.uid()) return true;
    if (anyOf(event.what, Happening::PodRemoved)) {
        const corev1::Pod* gone = before ? before : after;
        if (!gone || matches(own.requiredAnti, gone)) return true;
        const auto theirs = affinityTermsOf(*gone);
        return theirs && matchesAll(theirs->requiredAnti, *pod.pod, m_namespaces);
    }
    if (anyOf(event.what, Happening::PodAssigned)) return matches(own.required, after);
    const bool comesToMatch = !matches(own.required, before) && matches(own.required, after);
    const bool ceasesToMatch = matches(own.requiredAnti, before) && !matches(own.requiredAnti, after);
    return comesToMatch || ceasesToMatch;
}

bool InterPodAffinity::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    if (!event.nodeBefore() && !event.nodeAfter()) return podMayHelp(pod, event);
    const corev1::Node* before = event.nodeBefore();
    const corev1::Node* after = event.nodeAfter();
    if (!after) return false;
    const AffinityTerms& own = termsOf(pod);
    if (!before) {
        if (!own.requiredAnti.empty()) return true;
        return std::ranges::any_of(own.required,
                                   [&](const auto& term) { return after->metadata.labels.contains(term.topologyKey); });
    }
    return std::ranges::any_of(own.required,
                               [&](const auto& term) { return movedDomain(before, after, term.topologyKey, false); }) ||
           std::ranges::any_of(own.requiredAnti,
                               [&](const auto& term) { return movedDomain(before, after, term.topologyKey, true); });
}

}  // namespace qd::scheduler
