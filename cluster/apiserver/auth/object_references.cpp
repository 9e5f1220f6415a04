#include "cluster/apiserver/auth/object_references.h"

namespace qd::apiserver {
namespace {

using Names = std::set<std::string>;
using SecretKeys = std::set<std::pair<std::string, std::string>>;

// Calls visit(container) for containers of all three sorts; their environments have the same members.
template <typename Visit>
void visitContainers(const corev1::PodSpec& spec, Visit&& visit) {
    for (const auto& container : spec.initContainers) visit(container);
    for (const auto& container : spec.containers) visit(container);
    for (const auto& container : spec.ephemeralContainers) visit(container);
}

template <typename Reference>
void addNamed(Names& names, const Reference& reference) {
    if (reference) names.insert(reference->name);
}

void addSecretsOfVolume(Names& names, const corev1::Volume& volume) {
    if (volume.azureFile) names.insert(volume.azureFile->secretName);
    if (volume.cephfs) addNamed(names, volume.cephfs->secretRef);
    if (volume.cinder) addNamed(names, volume.cinder->secretRef);
    if (volume.flexVolume) addNamed(names, volume.flexVolume->secretRef);
    if (volume.rbd) addNamed(names, volume.rbd->secretRef);
    if (volume.secret) names.insert(volume.secret->secretName);
    if (volume.scaleIO) addNamed(names, volume.scaleIO->secretRef);
    if (volume.iscsi) addNamed(names, volume.iscsi->secretRef);
    if (volume.storageos) addNamed(names, volume.storageos->secretRef);
    if (volume.csi) addNamed(names, volume.csi->nodePublishSecretRef);
    if (!volume.projected) return;
    for (const auto& source : volume.projected->sources) addNamed(names, source.secret);
}

// A reference without a namespace is to the claim's.
template <typename Reference>
void addKey(SecretKeys& keys, const Reference& reference, const std::string& claimNamespace) {
    if (!reference || reference->name.empty()) return;
    keys.emplace(reference->namespace_.empty() ? claimNamespace : reference->namespace_, reference->name);
}

}  // namespace

std::set<std::string> secretsOf(const corev1::Pod& pod) {
    Names names;
    for (const auto& reference : pod.spec.imagePullSecrets) names.insert(reference.name);
    visitContainers(pod.spec, [&](const auto& container) {
        for (const auto& from : container.envFrom) addNamed(names, from.secretRef);
        for (const auto& variable : container.env) {
            if (variable.valueFrom) addNamed(names, variable.valueFrom->secretKeyRef);
        }
    });
    for (const auto& volume : pod.spec.volumes) addSecretsOfVolume(names, volume);
    names.erase("");
    return names;
}

std::set<std::string> configMapsOf(const corev1::Pod& pod) {
    Names names;
    visitContainers(pod.spec, [&](const auto& container) {
        for (const auto& from : container.envFrom) addNamed(names, from.configMapRef);
        for (const auto& variable : container.env) {
            if (variable.valueFrom) addNamed(names, variable.valueFrom->configMapKeyRef);
        }
    });
    for (const auto& volume : pod.spec.volumes) {
        addNamed(names, volume.configMap);
        if (!volume.projected) continue;
        for (const auto& source : volume.projected->sources) addNamed(names, source.configMap);
    }
    names.erase("");
    return names;
}

std::set<std::string> claimsOf(const corev1::Pod& pod) {
    Names names;
    for (const auto& volume : pod.spec.volumes) {
        if (volume.persistentVolumeClaim) names.insert(volume.persistentVolumeClaim->claimName);
        if (volume.ephemeral) names.insert(pod.metadata.name + "-" + volume.name);
    }
    names.erase("");
    return names;
}

std::set<std::string> resourceClaimsOf(const corev1::Pod& pod) {
    Names names;
    for (const auto& claim : pod.spec.resourceClaims) names.insert(claim.resourceClaimName.value_or(""));
    for (const auto& status : pod.status.resourceClaimStatuses) names.insert(status.resourceClaimName.value_or(""));
    if (pod.status.extendedResourceClaimStatus) names.insert(pod.status.extendedResourceClaimStatus->resourceClaimName);
    names.erase("");
    return names;
}

std::set<std::pair<std::string, std::string>> secretsOf(const corev1::PersistentVolume& volume) {
    SecretKeys keys;
    const auto& spec = volume.spec;
    const std::string ns = spec.claimRef ? spec.claimRef->namespace_ : std::string();
    if (spec.azureFile && !spec.azureFile->secretName.empty()) {
        const std::string& own = spec.azureFile->secretNamespace.value_or("");
        keys.emplace(own.empty() ? ns : own, spec.azureFile->secretName);
    }
    if (spec.cephfs) addKey(keys, spec.cephfs->secretRef, ns);
    if (spec.cinder) addKey(keys, spec.cinder->secretRef, ns);
    if (spec.flexVolume) addKey(keys, spec.flexVolume->secretRef, ns);
    if (spec.rbd) addKey(keys, spec.rbd->secretRef, ns);
    if (spec.scaleIO) addKey(keys, spec.scaleIO->secretRef, ns);
    if (spec.iscsi) addKey(keys, spec.iscsi->secretRef, ns);
    if (spec.storageos) addKey(keys, spec.storageos->secretRef, ns);
    if (!spec.csi) return keys;
    // Those of publishing and growing on the controller's side are no node's business.
    addKey(keys, spec.csi->nodePublishSecretRef, ns);
    addKey(keys, spec.csi->nodeStageSecretRef, ns);
    addKey(keys, spec.csi->nodeExpandSecretRef, ns);
    return keys;
}

}  // namespace qd::apiserver
