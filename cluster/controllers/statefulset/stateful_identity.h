// Who a StatefulSet's Pods are: ordinals, names, claims. Pure.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/apps_v1.h"

namespace qd::controllers {

int firstOrdinal(const appsv1::StatefulSet& set);
// The Pod's ordinal, where its name is one of this set's.
std::optional<int> ordinalOf(const appsv1::StatefulSet& set, const corev1::Pod& pod);
// Whether the set, at its present size, has a replica of this ordinal.
bool isWanted(const appsv1::StatefulSet& set, int ordinal);
// The revision that the Pod was made from; empty when it does not say.
std::string revisionNameOf(const corev1::Pod& pod);

// The Pod of an ordinal, from a template that may be an older one.
corev1::Pod statefulPod(const appsv1::StatefulSet& set, const corev1::PodTemplateSpec& ofTemplate,
                        const std::string& revision, int ordinal);
bool hasIdentity(const appsv1::StatefulSet& set, const corev1::Pod& pod);
void giveIdentity(const appsv1::StatefulSet& set, int ordinal, corev1::Pod& pod);

// The claims that an ordinal's Pod uses, in the order of the templates.
std::vector<corev1::PersistentVolumeClaim> claimsOf(const appsv1::StatefulSet& set, int ordinal);

// Who a claim is to belong to, so that it goes with the set or with a Pod that is scaled away, as the retention policy
// says. conflicting: somebody else controls the claim, and the policy is not followed.
struct ClaimOwners {
    std::vector<metav1::OwnerReference> references;
    bool conflicting = false;
};
ClaimOwners ownersOfClaim(const appsv1::StatefulSet& set, const corev1::Pod& pod,
                          const corev1::PersistentVolumeClaim& claim);
// Whether the claim still belongs to a former Pod of that name, and will be gone soon.
bool isStale(const appsv1::StatefulSet& set, const corev1::Pod& pod, const corev1::PersistentVolumeClaim& claim);

}  // namespace qd::controllers
