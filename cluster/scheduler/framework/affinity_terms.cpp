#include "cluster/scheduler/framework/affinity_terms.h"

#include <algorithm>

#include "cluster/api/codec/json.h"

namespace qd::scheduler {
namespace {

// Validation has looked at selectors: one that is wrong all the same matches nothing.
api::LabelSelector selectorOf(const api::Box<metav1::LabelSelector>& selector) {
    return selector ? api::LabelSelector::from(*selector).value_or(api::LabelSelector::nothing())
                    : api::LabelSelector::nothing();
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
    for (const auto& each : from.preferredDuringSchedulingIgnoredDuringExecution)
        preferred.push_back(termOf(each.podAffinityTerm, ns, each.weight));
}

}  // namespace

bool AffinityTerm::matches(const std::string& ns, const api::Labels& labels,
                           const client::Lister<corev1::Namespace>& all) const {
    if (!selector.matches(labels)) return false;
    if (namespaces.contains(ns) || namespaceSelector.empty()) return true;
    const auto object = all.get("", ns);
    return namespaceSelector.matches(object ? object->metadata.labels : api::Labels());
}

bool AffinityTerm::matches(const corev1::Pod& pod, const client::Lister<corev1::Namespace>& all) const {
    return matches(pod.metadata.namespace_, pod.metadata.labels, all);
}

std::shared_ptr<const AffinityTerms> affinityTermsOf(const corev1::Pod& pod) {
    const auto& affinity = pod.spec.affinity;
    if (!affinity || (!affinity->podAffinity && !affinity->podAntiAffinity)) return nullptr;
    auto terms = std::make_shared<AffinityTerms>();
    const std::string& ns = pod.metadata.namespace_;
    terms->identity = ns + '\n' + (affinity->podAffinity ? api::encodeJson(*affinity->podAffinity) : "") + '\n' +
                      (affinity->podAntiAffinity ? api::encodeJson(*affinity->podAntiAffinity) : "");
    if (affinity->podAffinity) read(*affinity->podAffinity, ns, terms->required, terms->preferred);
    if (affinity->podAntiAffinity) read(*affinity->podAntiAffinity, ns, terms->requiredAnti, terms->preferredAnti);
    return terms;
}

bool matchesAll(const AffinityTermList& terms, const corev1::Pod& pod, const client::Lister<corev1::Namespace>& all) {
    return !terms.empty() && std::ranges::all_of(terms, [&](const auto& term) { return term.matches(pod, all); });
}

}  // namespace qd::scheduler
