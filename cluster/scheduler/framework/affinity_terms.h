// A Pod's wishes about which Pods it stands beside, worked out once.
// Source:
// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"

namespace qd::scheduler {

struct AffinityTerm {
    std::set<std::string> namespaces;
    api::LabelSelector namespaceSelector;  // in addition to the names
    api::LabelSelector selector;
    std::string topologyKey;
    std::int64_t weight = 0;  // of a preference

    bool matches(const std::string& ns, const api::Labels& labels, const client::Lister<corev1::Namespace>& all) const;
    bool matches(const corev1::Pod& pod, const client::Lister<corev1::Namespace>& all) const;
};

using AffinityTermList = std::vector<AffinityTerm>;

struct AffinityTerms {
    std::string identity;  // the same for Pods of the same terms
    AffinityTermList required;
    AffinityTermList requiredAnti;
    AffinityTermList preferred;
    AffinityTermList preferredAnti;
};

// Null for a Pod without such wishes.
std::shared_ptr<const AffinityTerms> affinityTermsOf(const corev1::Pod& pod);

// One Pod has to be what all terms look for; none when there are no terms.
bool matchesAll(const AffinityTermList& terms, const corev1::Pod& pod, const client::Lister<corev1::Namespace>& all);

}  // namespace qd::scheduler
