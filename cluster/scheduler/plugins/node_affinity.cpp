#include "cluster/scheduler/plugins/node_affinity.h"

#include "cluster/api/placement/node_selector.h"

namespace qd::scheduler {
namespace {

// The names that a term's field requirements leave; absent when it has none.
std::optional<std::set<std::string>> namesIn(const corev1::NodeSelectorTerm& term) {
    std::optional<std::set<std::string>> names;
    for (const auto& requirement : term.matchFields) {
        if (requirement.key != "metadata.name" || requirement.operator_ != "In") continue;
        std::set<std::string> these(requirement.values.begin(), requirement.values.end());
        if (names) {
            std::erase_if(*names, [&](const auto& name) { return !these.contains(name); });
        } else {
            names = std::move(these);
        }
    }
    return names;
}

using Preferences = std::vector<corev1::PreferredSchedulingTerm>;

const Preferences& preferencesOf(const corev1::NodeAffinity* affinity) {
    static const Preferences none;
    return affinity ? affinity->preferredDuringSchedulingIgnoredDuringExecution : none;
}

const Preferences& preferencesOf(const PodInfo& pod) {
    return preferencesOf(pod.pod->spec.affinity ? pod.pod->spec.affinity->nodeAffinity.get() : nullptr);
}

std::int64_t weightOf(const Preferences& preferences, const corev1::Node& node) {
    std::int64_t sum = 0;
    for (const auto& term : preferences) {
        if (api::matches(term.preference, node)) sum += term.weight;
    }
    return sum;
}

}  // namespace

PreFilterResult NodeAffinity::preFilter(CycleState&, const PodInfo& pod, const Nodes&) {
    const bool added = m_added && m_added->requiredDuringSchedulingIgnoredDuringExecution;
    if (!added && !api::hasRequiredAffinity(*pod.pod)) return {.status = Status::skip()};
    const auto& affinity = pod.pod->spec.affinity;
    if (!affinity || !affinity->nodeAffinity || !affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution)
        return {};
    const auto& terms = affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution->nodeSelectorTerms;
    if (terms.empty()) return {};
    std::set<std::string> all;
    for (const auto& term : terms) {
        auto names = namesIn(term);
        if (!names) return {};  // one term is enough, and this one may match any node
        all.merge(*names);
    }
    if (all.empty()) return {.status = Status::unresolvable(m_conflict)};
    return {.status = {}, .onlyNodes = std::move(all)};
}

Status NodeAffinity::filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    if (m_added && m_added->requiredDuringSchedulingIgnoredDuringExecution &&
        !api::matches(*m_added->requiredDuringSchedulingIgnoredDuringExecution, *node.node())) {
        return Status::unresolvable(m_notAsAdded);
    }
    if (api::matchesRequiredAffinity(*pod.pod, *node.node())) return {};
    return Status::unresolvable(m_mismatch);
}

Status NodeAffinity::preScore(CycleState&, const PodInfo& pod, const Feasible&, const Nodes&) {
    return preferencesOf(pod).empty() && preferencesOf(m_added.get()).empty() ? Status::skip() : Status();
}

std::int64_t NodeAffinity::score(const CycleState&, const PodInfo& pod, const NodeInfo& node) const {
    return weightOf(preferencesOf(pod), *node.node()) + weightOf(preferencesOf(m_added.get()), *node.node());
}

void NodeAffinity::normalize(const CycleState&, const Feasible&, std::vector<std::int64_t>& scores) const {
    normalizeToMax(scores, false);
}

bool NodeAffinity::mayHelp(const PodInfo& pod, const ClusterEvent& event) const {
    const auto* node = event.nodeAfter();
    if (!node) return true;
    const bool before = event.nodeBefore() && api::matchesRequiredAffinity(*pod.pod, *event.nodeBefore());
    return !before && api::matchesRequiredAffinity(*pod.pod, *node);
}

}  // namespace qd::scheduler
