#include "cluster/controllers/statefulset/stateful_identity.h"

#include <algorithm>
#include <charconv>

#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kPodName[] = "statefulset.kubernetes.io/pod-name";
constexpr char kPodIndex[] = "apps.kubernetes.io/pod-index";
constexpr char kRevision[] = "controller-revision-hash";
constexpr char kDelete[] = "Delete";

bool deletesWhenScaled(const appsv1::StatefulSet& set) {
    const auto& policy = set.spec.persistentVolumeClaimRetentionPolicy;
    return policy && policy->whenScaled == kDelete;
}

bool deletesWhenDeleted(const appsv1::StatefulSet& set) {
    const auto& policy = set.spec.persistentVolumeClaimRetentionPolicy;
    return policy && policy->whenDeleted == kDelete;
}

bool refersTo(const metav1::OwnerReference& reference, const api::Object& object, std::string_view kind) {
    return reference.kind == kind && reference.name == object.metadata.name;
}

std::string claimName(const appsv1::StatefulSet& set, const std::string& name, int ordinal) {
    return name + "-" + set.metadata.name + "-" + std::to_string(ordinal);
}

// The claims come first, in place of volumes of the same names.
void giveStorage(const appsv1::StatefulSet& set, int ordinal, corev1::Pod& pod) {
    std::vector<corev1::Volume> volumes;
    for (const auto& claim : set.spec.volumeClaimTemplates) {
        auto& volume = volumes.emplace_back();
        volume.name = claim.metadata.name;
        volume.persistentVolumeClaim.emplace().claimName = claimName(set, claim.metadata.name, ordinal);
    }
    const std::size_t claims = volumes.size();
    for (auto& volume : pod.spec.volumes) {
        const auto end = volumes.begin() + static_cast<std::ptrdiff_t>(claims);
        if (std::find_if(volumes.begin(), end, [&](const auto& one) { return one.name == volume.name; }) == end)
            volumes.push_back(std::move(volume));
    }
    pod.spec.volumes = std::move(volumes);
}

}  // namespace

int firstOrdinal(const appsv1::StatefulSet& set) {
    return set.spec.ordinals ? set.spec.ordinals->start : 0;
}

std::optional<int> ordinalOf(const appsv1::StatefulSet& set, const corev1::Pod& pod) {
    const std::string& name = pod.metadata.name;
    const std::size_t dash = name.rfind('-');
    if (dash == std::string::npos || name.substr(0, dash) != set.metadata.name) return std::nullopt;
    int ordinal = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + dash + 1, end, ordinal);
    if (error != std::errc{} || stop != end || ordinal < 0) return std::nullopt;
    return ordinal;
}

bool isWanted(const appsv1::StatefulSet& set, int ordinal) {
    const int first = firstOrdinal(set);
    return ordinal >= first && ordinal < first + set.spec.replicas.value_or(1);
}

std::string revisionNameOf(const corev1::Pod& pod) {
    const auto found = pod.metadata.labels.find(kRevision);
    return found == pod.metadata.labels.end() ? std::string() : found->second;
}

corev1::Pod statefulPod(const appsv1::StatefulSet& set, const corev1::PodTemplateSpec& ofTemplate,
                        const std::string& revision, int ordinal) {
    corev1::Pod pod = podFromTemplate(ofTemplate, set);
    giveIdentity(set, ordinal, pod);
    pod.spec.hostname = pod.metadata.name;
    pod.spec.subdomain = set.spec.serviceName;
    giveStorage(set, ordinal, pod);
    pod.metadata.labels[kRevision] = revision;
    return pod;
}

bool hasIdentity(const appsv1::StatefulSet& set, const corev1::Pod& pod) {
    const auto label = pod.metadata.labels.find(kPodName);
    if (!ordinalOf(set, pod) || label == pod.metadata.labels.end() || label->second != pod.metadata.name) return false;
    return std::ranges::all_of(set.spec.volumeClaimTemplates, [&](const auto& claim) {
        const auto volume = std::ranges::find(pod.spec.volumes, claim.metadata.name, &corev1::Volume::name);
        return volume != pod.spec.volumes.end() && volume->persistentVolumeClaim &&
               volume->persistentVolumeClaim->claimName == claimName(set, claim.metadata.name, *ordinalOf(set, pod));
    });
}

void giveIdentity(const appsv1::StatefulSet& set, int ordinal, corev1::Pod& pod) {
    pod.metadata.namespace_ = set.metadata.namespace_;
    pod.metadata.name = set.metadata.name + "-" + std::to_string(ordinal);
    pod.metadata.labels[kPodName] = pod.metadata.name;
    pod.metadata.labels[kPodIndex] = std::to_string(ordinal);
}

std::vector<corev1::PersistentVolumeClaim> claimsOf(const appsv1::StatefulSet& set, int ordinal) {
    std::vector<corev1::PersistentVolumeClaim> claims = set.spec.volumeClaimTemplates;
    for (auto& claim : claims) {
        claim.metadata.name = claimName(set, claim.metadata.name, ordinal);
        claim.metadata.namespace_ = set.metadata.namespace_;
        if (!set.spec.selector) continue;
        for (const auto& [key, value] : set.spec.selector->matchLabels) claim.metadata.labels[key] = value;
    }
    return claims;
}

ClaimOwners ownersOfClaim(const appsv1::StatefulSet& set, const corev1::Pod& pod,
                          const corev1::PersistentVolumeClaim& claim) {
    ClaimOwners owners{.references = claim.metadata.ownerReferences};
    owners.conflicting = std::ranges::any_of(owners.references, [&](const auto& one) {
        return one.controller.value_or(false) && !refersTo(one, set, "StatefulSet") && !refersTo(one, pod, "Pod");
    });
    std::erase_if(owners.references,
                  [&](const auto& one) { return refersTo(one, set, "StatefulSet") || refersTo(one, pod, "Pod"); });
    if (owners.conflicting) return owners;
    const auto ordinal = ordinalOf(set, pod);
    const bool scaledAway = ordinal && !isWanted(set, *ordinal);
    if (deletesWhenScaled(set) && scaledAway)
        owners.references.push_back(controllerReference(pod));
    else if (deletesWhenDeleted(set))
        owners.references.push_back(controllerReference(set));
    return owners;
}

bool isStale(const appsv1::StatefulSet& set, const corev1::Pod& pod, const corev1::PersistentVolumeClaim& claim) {
    if (!deletesWhenScaled(set)) return false;
    return std::ranges::any_of(claim.metadata.ownerReferences, [&](const auto& one) {
        return refersTo(one, pod, "Pod") && one.uid != pod.metadata.uid;
    });
}

}  // namespace qd::controllers
