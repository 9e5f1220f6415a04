#include "cluster/api/volumes/attachment_rules.h"

#include <openssl/evp.h>

#include <algorithm>

namespace qd::api::volumes {
namespace {

std::string hexSha256(const std::string& text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr);
    constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (unsigned int i = 0; i < length; ++i) hex.append({kDigits[digest[i] >> 4], kDigits[digest[i] & 15]});
    return hex;
}

}  // namespace

std::optional<std::string> attachedName(const corev1::PersistentVolume& volume) {
    const auto& csi = volume.spec.csi;
    if (!csi) return std::nullopt;
    return "kubernetes.io/csi/" + csi->driver + "^" + csi->volumeHandle;
}

std::string attachmentName(const std::string& handle, const std::string& driver, const std::string& node) {
    return "csi-" + hexSha256(handle + driver + node);
}

bool attachesToMany(const corev1::PersistentVolume& volume) {
    const auto& modes = volume.spec.accessModes;
    return modes.empty() || std::ranges::any_of(modes, [](const auto& mode) {
               return mode == corev1::ReadWriteMany || mode == corev1::ReadOnlyMany;
           });
}

std::string claimName(const corev1::Pod& pod, const corev1::Volume& volume) {
    if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim->claimName;
    return volume.ephemeral ? pod.metadata.name + "-" + volume.name : std::string();
}

std::vector<std::string> claimKeys(const corev1::Pod& pod) {
    std::vector<std::string> keys;
    for (const auto& volume : pod.spec.volumes)
        if (const std::string claim = claimName(pod, volume); !claim.empty())
            keys.push_back(pod.metadata.namespace_ + "/" + claim);
    return keys;
}

std::optional<std::string> notOwned(const corev1::PersistentVolumeClaim& claim, const corev1::Pod& pod) {
    const bool owned = std::ranges::any_of(claim.metadata.ownerReferences, [&](const auto& owner) {
        return owner.controller.value_or(false) && owner.uid == pod.metadata.uid;
    });
    if (owned && claim.metadata.namespace_ == pod.metadata.namespace_) return std::nullopt;
    return "PVC " + claim.metadata.namespace_ + "/" + claim.metadata.name + " was not created for pod " +
           pod.metadata.namespace_ + "/" + pod.metadata.name + " (pod is not owner)";
}

bool isTerminated(const corev1::Pod& pod) {
    if (pod.status.phase == corev1::PodSucceeded || pod.status.phase == corev1::PodFailed) return true;
    if (!pod.metadata.deletionTimestamp) return false;
    return std::ranges::all_of(pod.status.containerStatuses, [](const auto& container) {
        return container.state.terminated || container.state.waiting;
    });
}

}  // namespace qd::api::volumes
