#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cluster/apiserver/admission/pod_security/checks.h"

namespace qd::apiserver::pod_security {
namespace {

Found allowPrivilegeEscalation(const PodView& pod) {
    Names bad;
    for (const auto& container : pod.containers) {
        if (!container.security || container.security->allowPrivilegeEscalation.value_or(true))
            bad.push_back(*container.name);
    }
    if (bad.empty()) return {};
    return fmt::format("allowPrivilegeEscalation != false ({} must set securityContext.allowPrivilegeEscalation=false)",
                       containersNamed(bad));
}

Found capabilities(const PodView& pod) {
    Names keeping;
    Names adding;
    std::set<std::string> added;
    for (const auto& container : pod.containers) {
        const auto* capabilities =
            container.security && container.security->capabilities ? &*container.security->capabilities : nullptr;
        const bool dropsAll = capabilities && std::find(capabilities->drop.begin(), capabilities->drop.end(), "ALL") !=
                                                  capabilities->drop.end();
        if (!dropsAll) keeping.push_back(*container.name);
        bool adds = false;
        if (!capabilities) continue;
        for (const auto& each : capabilities->add) {
            if (each == "NET_BIND_SERVICE") continue;
            added.insert(each);
            adds = true;
        }
        if (adds) adding.push_back(*container.name);
    }
    Names details;
    if (!keeping.empty())
        details.push_back(containersNamed(keeping) + " must set securityContext.capabilities.drop=[\"ALL\"]");
    if (!adding.empty())
        details.push_back(fmt::format("{} must not include {} in securityContext.capabilities.add",
                                      containersNamed(adding), quoted(added)));
    return details.empty() ? Found() : fmt::format("unrestricted capabilities ({})", fmt::join(details, "; "));
}

// What kind of volume it is when restricted Pods may not have it; null when they may.
const char* restrictedType(const corev1::Volume& volume) {
    if (volume.configMap || volume.csi || volume.downwardAPI || volume.emptyDir || volume.ephemeral || volume.image ||
        volume.persistentVolumeClaim || volume.projected || volume.secret) {
        return nullptr;
    }
    if (volume.hostPath) return "hostPath";
    if (volume.gcePersistentDisk) return "gcePersistentDisk";
    if (volume.awsElasticBlockStore) return "awsElasticBlockStore";
    if (volume.gitRepo) return "gitRepo";
    if (volume.nfs) return "nfs";
    if (volume.iscsi) return "iscsi";
    if (volume.glusterfs) return "glusterfs";
    if (volume.rbd) return "rbd";
    if (volume.flexVolume) return "flexVolume";
    if (volume.cinder) return "cinder";
    if (volume.cephfs) return "cephfs";
    if (volume.flocker) return "flocker";
    if (volume.fc) return "fc";
    if (volume.azureFile) return "azureFile";
    if (volume.vsphereVolume) return "vsphereVolume";
    if (volume.quobyte) return "quobyte";
    if (volume.azureDisk) return "azureDisk";
    if (volume.photonPersistentDisk) return "photonPersistentDisk";
    if (volume.portworxVolume) return "portworxVolume";
    if (volume.scaleIO) return "scaleIO";
    if (volume.storageos) return "storageos";
    return "unknown";
}

Found restrictedVolumes(const PodView& pod) {
    Names bad;
    std::set<std::string> types;
    for (const auto& volume : pod.spec.volumes) {
        const char* type = restrictedType(volume);
        if (!type) continue;
        bad.push_back(volume.name);
        types.insert(type);
    }
    if (bad.empty()) return {};
    return fmt::format("restricted volume types ({} {} {} {} {})", plural("volume", "volumes", bad.size()), quoted(bad),
                       plural("uses", "use", bad.size()),
                       plural("restricted volume type", "restricted volume types", types.size()), quoted(types));
}

Found runAsNonRoot(const PodView& pod) {
    const bool podSays = pod.security && pod.security->runAsNonRoot;
    const bool podIsRoot = podSays && !*pod.security->runAsNonRoot;
    const bool podIsNot = podSays && *pod.security->runAsNonRoot;
    Names roots;
    Names silent;
    for (const auto& container : pod.containers) {
        if (container.security && container.security->runAsNonRoot) {
            if (!*container.security->runAsNonRoot) roots.push_back(*container.name);
        } else if (!podIsNot) {
            silent.push_back(*container.name);
        }
    }
    const std::string who = setters(podIsRoot, roots);
    if (!who.empty())
        return fmt::format("runAsNonRoot != true ({} must not set securityContext.runAsNonRoot=false)", who);
    if (silent.empty()) return {};
    return fmt::format("runAsNonRoot != true (pod or {} must set securityContext.runAsNonRoot=true)",
                       containersNamed(silent));
}

Found runAsUser(const PodView& pod) {
    const auto isRoot = [](const auto* security) {
        return security && security->runAsUser && *security->runAsUser == 0;
    };
    Names roots;
    for (const auto& container : pod.containers) {
        if (isRoot(container.security)) roots.push_back(*container.name);
    }
    const std::string who = setters(isRoot(pod.security), roots);
    return who.empty() ? Found() : fmt::format("runAsUser=0 ({} must not set runAsUser=0)", who);
}

Found seccompProfile(const PodView& pod) {
    std::set<std::string> types;
    const auto says = [](const auto* security) { return security && security->seccompProfile; };
    const auto isBad = [&](const auto* security) {
        const std::string& type = security->seccompProfile->type;
        if (type == "Localhost" || type == "RuntimeDefault") return false;
        types.insert(type);
        return true;
    };
    const bool podIsBad = says(pod.security) && isBad(pod.security);
    const bool podIsGood = says(pod.security) && !podIsBad;
    Names bad;
    Names silent;
    for (const auto& container : pod.containers) {
        if (says(container.security)) {
            if (isBad(container.security)) bad.push_back(*container.name);
        } else if (!podIsGood) {
            silent.push_back(*container.name);
        }
    }
    const std::string who = setters(podIsBad, bad);
    if (!who.empty())
        return fmt::format("seccompProfile ({} must not set securityContext.seccompProfile.type to {})", who,
                           quoted(types));
    if (silent.empty()) return {};
    return fmt::format(
        "seccompProfile (pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or "
        "\"Localhost\")",
        containersNamed(silent));
}

}  // namespace

// In the order of the checks' names. Since 1.25 nothing that Windows does not have is asked of its Pods, since 1.35
// Pods with users of their own may be root.
void appendRestricted(std::vector<Found>& found, const PodView& pod, int minor) {
    const bool exempt = pod.isWindows && minor >= 25;
    if (minor >= 8 && !exempt) found.push_back(allowPrivilegeEscalation(pod));
    if (minor >= 22 && !exempt) found.push_back(capabilities(pod));
    if (minor >= 35) found.push_back(procMount(pod));
    found.push_back(restrictedVolumes(pod));
    const bool ownUsers = pod.hasUsersOfItsOwn && minor >= 35;
    if (!ownUsers) found.push_back(runAsNonRoot(pod));
    if (minor >= 23 && !ownUsers) found.push_back(runAsUser(pod));
    if (minor >= 19 && !exempt) found.push_back(seccompProfile(pod));
}

}  // namespace qd::apiserver::pod_security
