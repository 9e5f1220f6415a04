#include "cluster/apiserver/admission/secret_references.h"

#include <fmt/format.h>

#include <set>

namespace qd::apiserver {
namespace {

using Names = std::set<std::string, std::less<>>;

template <typename Container>
bool environmentNamesSecrets(const std::vector<Container>& containers) {
    for (const auto& container : containers) {
        for (const auto& from : container.envFrom) {
            if (from.secretRef && !from.secretRef->name.empty()) return true;
        }
        for (const auto& variable : container.env) {
            if (variable.valueFrom && variable.valueFrom->secretKeyRef &&
                !variable.valueFrom->secretKeyRef->name.empty())
                return true;
        }
    }
    return false;
}

template <typename Reference>
bool named(const Reference& reference) {
    return reference && !reference->name.empty();
}

bool volumeNamesSecret(const corev1::Volume& volume) {
    if (volume.azureFile && !volume.azureFile->secretName.empty()) return true;
    if (volume.cephfs && named(volume.cephfs->secretRef)) return true;
    if (volume.cinder && named(volume.cinder->secretRef)) return true;
    if (volume.csi && named(volume.csi->nodePublishSecretRef)) return true;
    if (volume.flexVolume && named(volume.flexVolume->secretRef)) return true;
    if (volume.iscsi && named(volume.iscsi->secretRef)) return true;
    if (volume.rbd && named(volume.rbd->secretRef)) return true;
    if (volume.scaleIO && named(volume.scaleIO->secretRef)) return true;
    if (volume.secret && !volume.secret->secretName.empty()) return true;
    if (volume.storageos && named(volume.storageos->secretRef)) return true;
    if (!volume.projected) return false;
    for (const auto& source : volume.projected->sources) {
        if (named(source.secret)) return true;
    }
    return false;
}

// role: "init container", "container", "ephemeral container".
template <typename Container>
std::string foreignInEnvironment(const std::vector<Container>& containers, std::string_view role, const Names& allowed,
                                 const std::string& account) {
    for (const auto& container : containers) {
        for (const auto& variable : container.env) {
            const bool refers = variable.valueFrom && variable.valueFrom->secretKeyRef;
            if (!refers || allowed.contains(variable.valueFrom->secretKeyRef->name)) continue;
            return fmt::format(
                "{} {} with envVar {} referencing secret.secretName=\"{}\" is not allowed because service account {} "
                "does not reference that secret",
                role, container.name, variable.name, variable.valueFrom->secretKeyRef->name, account);
        }
        for (const auto& from : container.envFrom) {
            if (!from.secretRef || allowed.contains(from.secretRef->name)) continue;
            return fmt::format(
                "{} {} with envFrom referencing secret.secretName=\"{}\" is not allowed because service account {} "
                "does not reference that secret",
                role, container.name, from.secretRef->name, account);
        }
    }
    return {};
}

Names secretsOf(const corev1::ServiceAccount& account) {
    Names names;
    for (const auto& secret : account.secrets) names.insert(secret.name);
    return names;
}

}  // namespace

bool namesSecrets(const corev1::PodSpec& spec) {
    for (const auto& reference : spec.imagePullSecrets) {
        if (!reference.name.empty()) return true;
    }
    if (environmentNamesSecrets(spec.initContainers) || environmentNamesSecrets(spec.containers) ||
        environmentNamesSecrets(spec.ephemeralContainers))
        return true;
    for (const auto& volume : spec.volumes) {
        if (volumeNamesSecret(volume)) return true;
    }
    return false;
}

std::string foreignSecret(const corev1::PodSpec& spec, const corev1::ServiceAccount& account) {
    const Names allowed = secretsOf(account);
    const std::string& name = account.metadata.name;
    for (const auto& volume : spec.volumes) {
        if (!volume.secret || allowed.contains(volume.secret->secretName)) continue;
        return fmt::format(
            "volume with secret.secretName=\"{}\" is not allowed because service account {} does not reference that "
            "secret",
            volume.secret->secretName, name);
    }
    if (auto wrong = foreignInEnvironment(spec.initContainers, "init container", allowed, name); !wrong.empty())
        return wrong;
    if (auto wrong = foreignInEnvironment(spec.containers, "container", allowed, name); !wrong.empty()) return wrong;
    Names pulls;
    for (const auto& secret : account.imagePullSecrets) pulls.insert(secret.name);
    for (std::size_t i = 0; i < spec.imagePullSecrets.size(); ++i) {
        if (pulls.contains(spec.imagePullSecrets[i].name)) continue;
        return fmt::format(
            "imagePullSecrets[{}].name=\"{}\" is not allowed because service account {} does not reference that "
            "imagePullSecret",
            i, spec.imagePullSecrets[i].name, name);
    }
    return {};
}

std::string foreignEphemeralSecret(const corev1::PodSpec& spec, const corev1::ServiceAccount& account) {
    return foreignInEnvironment(spec.ephemeralContainers, "ephemeral container", secretsOf(account),
                                account.metadata.name);
}

}  // namespace qd::apiserver
