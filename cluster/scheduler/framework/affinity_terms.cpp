#include "cluster/scheduler/framework/affinity_terms.h"

#include <algorithm>

namespace qd::scheduler {
namespace {

// Validation has looked at selectors: one that is wrong all the same matches nothing.
api::LabelSelector selectorOf(const api::Box<metav1::LabelSelector>& selector) {
    return selector ? api::LabelSelector::from(*selector).value_or(api::LabelSelector::nothing()) : api::LabelSelector::nothing();
}

AffinityTerm termOf(const corev1::PodAffinityTerm& from, const std::string& ns, std::int64_t weight = 0) {
    AffinityTerm term;
    term.namespaces.insert(from.namespaces.begin(), from.namespaces.end());
    if (from.namespaces.empty() && !from.namespaceSelector) term.namespaces.insert(ns);
    term.namespaceSelector = selectorOf(from.namespaceSelector);
    term.selector = selectorOf(from.labelSelector);
    term.topologyKey = from.topologyKey;
    term.weight = weight;
    return term;
}

// PodAffinity and PodAntiAffinity have the same two lists.
template <typename Affinity>
void read(const Affinity& from, const std::string& ns, AffinityTermList& required, AffinityTermList& preferred) {
    for (const auto& each : from.requiredDuringSchedulingIgnoredDuringExecution) required.push_back(termOf(each, ns));
    for (const auto& each : from.preferredDuringSchedulingIgnoredDuringExecution) preferred.push_back(termOf(each.podAffinityTerm, ns, each.weight));
}

}  // namespace

bool AffinityTerm::matches(const corev1::Pod& pod, const client::Lister<corev1::Namespace>& all) const {
    if (!selector.matches(pod.metadata.labels)) return false;
    if (namespaces.contains(pod.metadata.namespace_) || namespaceSelector.empty()) return true;
    const auto ns = all.get("", pod.metadata.namespace_);
    return namespaceSelector.matches(ns ? ns->metadata.labels : api::Labels());
}

std::shared_ptr<const AffinityTerms> affinityTermsOf(const corev1::Pod& pod) {
    const auto& affinity = pod.spec.affinity;
    if (!affinity || (!affinity->podAffinity && !affinity->podAntiAffinity)) return nullptr;
    auto terms = std::make_shared<AffinityTerms>();
    const std::string& ns = pod.metadata.namespace_;
    if (affinity->podAffinity) read(*affinity->podAffinity, ns, terms->required, terms->preferred);
    if (affinity->podAntiAffinity) read(*affinity->podAntiAffinity, ns, terms->requiredAnti, terms->preferredAnti);
    return terms;
}

bool matchesAll(const AffinityTermList& terms, const corev1::Pod& pod, const client::Lister<corev1::Namespace>& all) {
    return !terms.empty() && std::ranges::all_of(terms, [&](const auto& term) { return term.matches(pod, all); });
}

}  // namespace qd::scheduler
