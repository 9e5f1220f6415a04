#include "cluster/scheduler/plugins/inter_pod_affinity.h"

#include <algorithm>
#include <unordered_map>

namespace qd::scheduler {
namespace {

constexpr std::int64_t kRequiredWeight = 1;  // what a Pod's required terms count when others are scored

const AffinityTerms kNoTerms;

const AffinityTerms& termsOf(const PodInfo& pod) { return pod.affinity ? *pod.affinity : kNoTerms; }

// A number for every domain, by its key and name.
class DomainCounts {
public:
    void add(const NodeInfo& node, const std::string& key, std::int64_t by) {
        const std::string* domain = node.label(key);
        if (!domain) return;
        auto& counts = m_counts[key];
        const auto found = counts.try_emplace(*domain, 0).first;
        found->second += by;
        if (found->second == 0) counts.erase(found);
        if (counts.empty()) m_counts.erase(key);
    }
    std::int64_t of(const NodeInfo& node, const std::string& key) const {
        const auto counts = m_counts.find(key);
        const std::string* domain = node.label(key);
        if (counts == m_counts.end() || !domain) return 0;
        const auto found = counts->second.find(*domain);
        return found == counts->second.end() ? 0 : found->second;
    }
    // Over all keys.
    std::int64_t sumOf(const NodeInfo& node) const {
        std::int64_t sum = 0;
        for (const auto& [key, counts] : m_counts) sum += of(node, key);
        return sum;
    }
    bool isAnyPositive(const NodeInfo& node) const {
        return std::ranges::any_of(m_counts, [&](const auto& each) { return of(node, each.first) > 0; });
    }
    bool empty() const { return m_counts.empty(); }

private:
    std::unordered_map<std::string, std::unordered_map<std::string, std::int64_t>> m_counts;
};

bool hasPreferences(const AffinityTerms& terms) { return !terms.preferred.empty() || !terms.preferredAnti.empty(); }

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
    DomainCounts wanted;          // Pods that this one wants to be near, by its terms
    DomainCounts unwanted;        // Pods that this one does not want to be near
    DomainCounts unwantedByThem;  // Pods that do not want this one near
};

struct InterPodAffinity::Preference : StateOf<Preference> {
    DomainCounts weights;
};

void InterPodAffinity::count(Counts& counts, const PodInfo& pod, const PodInfo& other, const NodeInfo& node, int by) const {
    for (const auto& term : termsOf(other).requiredAnti) {
        if (term.matches(*pod.pod, m_namespaces)) counts.unwantedByThem.add(node, term.topologyKey, by);
    }
    const AffinityTerms& own = termsOf(pod);
    if (matchesAll(own.required, *other.pod, m_namespaces)) {
        for (const auto& term : own.required) counts.wanted.add(node, term.topologyKey, by);
    }
    for (const auto& term : own.requiredAnti) {
        if (term.matches(*other.pod, m_namespaces)) counts.unwanted.add(node, term.topologyKey, by);
    }
}

PreFilterResult InterPodAffinity::preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) {
    const bool itself = !termsOf(pod).required.empty() || !termsOf(pod).requiredAnti.empty();
    auto counts = std::make_unique<Counts>();
    for (const NodeInfo* node : nodes.all()) {
        for (const auto& other : itself ? node->pods() : node->podsWithAffinity()) count(*counts, pod, *other, *node, 1);
    }
    if (!itself && counts->unwantedByThem.empty()) return {.status = Status::skip()};
    state.put(slot, CycleState::Step::Filter, std::move(counts));
    return {};
}

void InterPodAffinity::change(CycleState& state, const PodInfo& pod, const PodInfo& other, const NodeInfo& node, int by) const {
    if (auto* counts = state.get<Counts>(slot, CycleState::Step::Filter)) count(*counts, pod, other, node, by);
}

void InterPodAffinity::podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added, const NodeInfo& node) const {
    change(state, pod, added, node, 1);
}

void InterPodAffinity::podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed, const NodeInfo& node) const {
    change(state, pod, removed, node, -1);
}

bool InterPodAffinity::isBesideThoseItWants(const Counts& counts, const PodInfo& pod, const NodeInfo& node) const {
    const auto& terms = termsOf(pod).required;
    const bool hasDomains = std::ranges::all_of(terms, [&](const auto& term) { return node.label(term.topologyKey) != nullptr; });
    if (!hasDomains) return false;
    if (std::ranges::all_of(terms, [&](const auto& term) { return counts.wanted.of(node, term.topologyKey) > 0; })) return true;
    // The first of Pods that want to be near each other may stand anywhere.
    return counts.wanted.empty() && matchesAll(terms, *pod.pod, m_namespaces);
}

Status InterPodAffinity::filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const {
    const auto& counts = *state.get<Counts>(slot, CycleState::Step::Filter);
    if (!isBesideThoseItWants(counts, pod, node)) return Status::unresolvable(m_notBeside);
    const auto& anti = termsOf(pod).requiredAnti;
    if (std::ranges::any_of(anti, [&](const auto& term) { return counts.unwanted.of(node, term.topologyKey) > 0; })) return Status::unschedulable(m_besideUnwanted);
    if (counts.unwantedByThem.isAnyPositive(node)) return Status::unschedulable(m_unwanted);
    return {};
}

void InterPodAffinity::weigh(Preference& preference, const PodInfo& pod, const PodInfo& other, const NodeInfo& node) const {
    const auto add = [&](const AffinityTermList& terms, const PodInfo& subject, std::int64_t sign) {
        for (const auto& term : terms) {
            if (term.matches(*subject.pod, m_namespaces)) preference.weights.add(node, term.topologyKey, sign * term.weight);
        }
    };
    add(termsOf(pod).preferred, other, 1);
    add(termsOf(pod).preferredAnti, other, -1);
    add(termsOf(other).preferred, pod, 1);
    add(termsOf(other).preferredAnti, pod, -1);
    for (const auto& term : termsOf(other).required) {
        if (term.matches(*pod.pod, m_namespaces)) preference.weights.add(node, term.topologyKey, kRequiredWeight);
    }
}

Status InterPodAffinity::preScore(CycleState& state, const PodInfo& pod, const Feasible&, const Nodes& nodes) {
    const bool itself = hasPreferences(termsOf(pod));
    auto preference = std::make_unique<Preference>();
    for (const NodeInfo* node : nodes.all()) {
        for (const auto& other : itself ? node->pods() : node->podsWithAffinity()) weigh(*preference, pod, *other, *node);
    }
    if (preference->weights.empty()) return Status::skip();
    state.put(slot, CycleState::Step::Score, std::move(preference));
    return {};
}

std::int64_t InterPodAffinity::score(const CycleState& state, const PodInfo&, const NodeInfo& node) const {
    return state.get<Preference>(slot, CycleState::Step::Score)->weights.sumOf(node);
}

void InterPodAffinity::normalize(const CycleState&, const Feasible&, std::vector<std::int64_t>& scores) const {
    if (scores.empty()) return;
    const auto [least, most] = std::ranges::minmax(scores);
    for (auto& score : scores) {
        score = most == least ? 0 : static_cast<std::int64_t>(static_cast<double>(kMaxScore) * (static_cast<double>(score - least) / static_cast<double>(most - least)));
    }
}

bool InterPodAffinity::podMayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    const corev1::Pod* before = event.podBefore();
    const corev1::Pod* after = event.podAfter();
    const AffinityTerms& own = termsOf(pod);
    const auto matches = [&](const AffinityTermList& terms, const corev1::Pod* which) { return which && matchesAll(terms, *which, m_namespaces); };
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
        return std::ranges::any_of(own.required, [&](const auto& term) { return after->metadata.labels.contains(term.topologyKey); });
    }
    return std::ranges::any_of(own.required, [&](const auto& term) { return movedDomain(before, after, term.topologyKey, false); }) ||
           std::ranges::any_of(own.requiredAnti, [&](const auto& term) { return movedDomain(before, after, term.topologyKey, true); });
}

}  // namespace qd::scheduler
