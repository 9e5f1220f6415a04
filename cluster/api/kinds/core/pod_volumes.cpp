// Source: https://kubernetes.io/docs/concepts/storage/volumes/.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/core/volume_sources.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"

namespace qd::api {
namespace {

using namespace corev1;

constexpr std::int64_t kLongestDriverName = 63;
constexpr std::string_view kModeRule = "must be a number between 0 and 0777 (octal), both inclusive";
constexpr std::int64_t kLeastTokenSeconds = 600;
constexpr std::int64_t kMostTokenSeconds = std::int64_t(1) << 32;

field::Errors modeErrors(const std::optional<std::int32_t>& mode, const field::Path& path) {
    if (!mode || (*mode >= 0 && *mode <= 0777)) return {};
    return {field::invalid(path, *mode, kModeRule)};
}

// Relative, without "..", and not beginning with two dots: those are the kubelet's own.
field::Errors unreservedPathErrors(const std::string& target, const field::Path& path) {
    field::Errors errors = relativePathErrors(target, path);
    if (target.starts_with("..") && !target.starts_with("../")) errors.push_back(field::invalid(path, target, "must not start with '..'"));
    return errors;
}

field::Errors keyToPathErrors(const KeyToPath& item, const field::Path& path) {
    field::Errors errors;
    if (item.key.empty()) errors.push_back(field::required(path.child("key")));
    if (item.path.empty()) errors.push_back(field::required(path.child("path")));
    field::append(errors, unreservedPathErrors(item.path, path.child("path")));
    field::append(errors, modeErrors(item.mode, path.child("mode")));
    return errors;
}

field::Errors keysErrors(const std::vector<KeyToPath>& items, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < items.size(); ++i) field::append(errors, keyToPathErrors(items[i], path.child("items").index(i)));
    return errors;
}

field::Errors downwardFileErrors(const DownwardAPIVolumeFile& file, const field::Path& path) {
    field::Errors errors;
    if (file.path.empty()) errors.push_back(field::required(path.child("path")));
    field::append(errors, unreservedPathErrors(file.path, path.child("path")));
    if (file.fieldRef) {
        field::append(errors, objectFieldErrors(*file.fieldRef, {"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"},
                                                path.child("fieldRef")));
        if (file.resourceFieldRef) errors.push_back(field::invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
    } else if (file.resourceFieldRef) {
        field::append(errors, resourceFieldErrors(*file.resourceFieldRef, true, path.child("resourceFieldRef")));
    } else {
        errors.push_back(field::required(path, "one of fieldRef and resourceFieldRef is required"));
    }
    field::append(errors, modeErrors(file.mode, path.child("mode")));
    return errors;
}

// The files that sources of a projected volume make; no two may have the same place.
class ProjectedFiles {
public:
    explicit ProjectedFiles(const field::Path& path) : m_path(path) {}
    field::Errors add(const std::string& file, const std::string& shownAs) {
        if (file.empty() || m_files.insert(file).second) return {};
        return {field::invalid(m_path, shownAs, "conflicting duplicate paths")};
    }

private:
    field::Path m_path;
    std::set<std::string> m_files;
};

template <typename Source>
field::Errors projectedKeysErrors(const Source& source, ProjectedFiles& files, const field::Path& path) {
    field::Errors errors;
    if (source.name.empty()) errors.push_back(field::required(path.child("name")));
    for (std::size_t i = 0; i < source.items.size(); ++i) {
        field::append(errors, keyToPathErrors(source.items[i], path.child("items").index(i)));
        field::append(errors, files.add(source.items[i].path, source.name));
    }
    return errors;
}

field::Errors tokenErrors(const ServiceAccountTokenProjection& token, const field::Path& path, const field::Path& volumePath) {
    field::Errors errors;
    const std::int64_t seconds = token.expirationSeconds.value_or(0);
    if (seconds < kLeastTokenSeconds) errors.push_back(field::invalid(path.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes"));
    if (seconds > kMostTokenSeconds) errors.push_back(field::invalid(path.child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds"));
    if (token.path.empty()) {
        errors.push_back(field::required(volumePath.child("path")));
    } else {
        field::append(errors, unreservedPathErrors(token.path, volumePath.child("path")));
    }
    return errors;
}

field::Errors projectedErrors(const ProjectedVolumeSource& projected, const field::Path& path) {
    field::Errors errors = modeErrors(projected.defaultMode, path.child("defaultMode"));
    ProjectedFiles files(path);
    for (std::size_t i = 0; i < projected.sources.size(); ++i) {
        const auto& source = projected.sources[i];
        const field::Path at = path.child("sources").index(i);
        int count = 0;
        if (source.secret && ++count) field::append(errors, projectedKeysErrors(*source.secret, files, at.child("secret")));
        if (source.configMap && ++count) field::append(errors, projectedKeysErrors(*source.configMap, files, at.child("configMap")));
        if (source.downwardAPI && ++count) {
            for (const auto& item : source.downwardAPI->items) {
                field::append(errors, downwardFileErrors(item, at.child("downwardAPI")));
                field::append(errors, files.add(item.path, item.path));
            }
        }
        if (source.serviceAccountToken && ++count) field::append(errors, tokenErrors(*source.serviceAccountToken, at.child("serviceAccountToken"), path));
        if (source.clusterTrustBundle && ++count) field::append(errors, unreservedPathErrors(source.clusterTrustBundle->path, at.child("clusterTrustBundle", "path")));
        if (source.podCertificate) ++count;
        if (count > 1) errors.push_back(field::forbidden(at, "may not specify more than 1 volume type per source"));
    }
    return errors;
}

field::Errors csiErrors(const CSIVolumeSource& csi, const field::Path& path) {
    field::Errors errors = csiDriverNameErrors(csi.driver, path.child("driver"));
    if (csi.nodePublishSecretRef) {
        const std::string& name = csi.nodePublishSecretRef->name;
        if (name.empty()) {
            errors.push_back(field::required(path.child("nodePublishSecretRef", "name")));
        } else {
            field::append(errors, subdomainErrors(path.child("name"), name));
        }
    }
    return errors;
}

field::Errors templateMetadataErrors(const metav1::ObjectMeta& metadata, const field::Path& path) {
    field::Errors errors = validateAnnotations(metadata.annotations, path.child("annotations"));
    field::append(errors, validateLabels(metadata.labels, path.child("labels")));
    const auto refuse = [&](bool given, const char* name) {
        if (given) errors.push_back(field::forbidden(path.child(name), "cannot be set"));
    };
    refuse(!metadata.name.empty(), "name");
    refuse(!metadata.generateName.empty(), "generateName");
    refuse(!metadata.namespace_.empty(), "namespace");
    refuse(!metadata.uid.empty(), "uID");
    refuse(!metadata.resourceVersion.empty(), "resourceVersion");
    refuse(metadata.generation != 0, "generation");
    refuse(!metadata.ownerReferences.empty(), "ownerReferences");
    refuse(!metadata.finalizers.empty(), "finalizers");
    return errors;
}

field::Errors ephemeralErrors(const EphemeralVolumeSource& ephemeral, const field::Path& path) {
    const field::Path at = path.child("volumeClaimTemplate");
    if (!ephemeral.volumeClaimTemplate) return {field::required(at)};
    field::Errors errors = templateMetadataErrors(ephemeral.volumeClaimTemplate->metadata, at.child("metadata"));
    field::append(errors, claimSpecErrors(ephemeral.volumeClaimTemplate->spec, at.child("spec")));
    return errors;
}

field::Errors keyedErrors(const std::string& name, const char* nameField, const std::optional<std::int32_t>& mode, const std::vector<KeyToPath>& items, const field::Path& path) {
    field::Errors errors;
    if (name.empty()) errors.push_back(field::required(path.child(nameField)));
    field::append(errors, modeErrors(mode, path.child("defaultMode")));
    field::append(errors, keysErrors(items, path));
    return errors;
}

field::Errors emptyDirErrors(const EmptyDirVolumeSource& source, const field::Path& path) {
    if (!source.sizeLimit || source.sizeLimit->sign() >= 0) return {};
    return {field::forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity")};
}

field::Errors sourceErrors(const Volume& volume, const PodContext& context, const field::Path& path) {
    SoleSource sources(path);
    sources.visit(volume.emptyDir, "emptyDir", [&](const auto& s) { return emptyDirErrors(s, path.child("emptyDir")); });
    sources.visit(volume.hostPath, "hostPath", [&](const auto& s) { return hostPathErrors(s, path.child("hostPath")); });
    sources.visit(volume.gitRepo, "gitRepo", [&](const auto& s) {
        field::Errors errors;
        if (s.repository.empty()) errors.push_back(field::required(path.child("gitRepo", "repository")));
        field::append(errors, relativePathErrors(s.directory, path.child("gitRepo", "directory")));
        return errors;
    });
    sources.visit(volume.gcePersistentDisk, "gcePersistentDisk", [&](const auto&) { return oldVolumeErrors(volume, "gcePersistentDisk", path); });
    sources.visit(volume.awsElasticBlockStore, "awsElasticBlockStore", [&](const auto&) { return oldVolumeErrors(volume, "awsElasticBlockStore", path); });
    sources.visit(volume.secret, "secret", [&](const auto& s) { return keyedErrors(s.secretName, "secretName", s.defaultMode, s.items, path.child("secret")); });
    sources.visit(volume.nfs, "nfs", [&](const auto& s) { return nfsErrors(s, path.child("nfs")); });
    sources.visit(volume.iscsi, "iscsi", [&](const auto&) { return oldVolumeErrors(volume, "iscsi", path); });
    sources.visit(volume.glusterfs, "glusterfs", [&](const auto&) { return oldVolumeErrors(volume, "glusterfs", path); });
    sources.visit(volume.flocker, "flocker", [&](const auto&) { return oldVolumeErrors(volume, "flocker", path); });
    sources.visit(volume.persistentVolumeClaim, "persistentVolumeClaim", [&](const auto& s) {
        return s.claimName.empty() ? field::Errors{field::required(path.child("persistentVolumeClaim", "claimName"))} : field::Errors{};
    });
    sources.visit(volume.rbd, "rbd", [&](const auto&) { return oldVolumeErrors(volume, "rbd", path); });
    sources.visit(volume.cinder, "cinder", [&](const auto&) { return oldVolumeErrors(volume, "cinder", path); });
    sources.visit(volume.cephfs, "cephFS", [&](const auto&) { return oldVolumeErrors(volume, "cephfs", path); });
    sources.visit(volume.quobyte, "quobyte", [&](const auto&) { return oldVolumeErrors(volume, "quobyte", path); });
    sources.visit(volume.downwardAPI, "downwarAPI", [&](const auto& s) {
        field::Errors errors = modeErrors(s.defaultMode, path.child("downwardAPI", "defaultMode"));
        for (const auto& item : s.items) field::append(errors, downwardFileErrors(item, path.child("downwardAPI")));
        return errors;
    });
    sources.visit(volume.fc, "fc", [&](const auto&) { return oldVolumeErrors(volume, "fc", path); });
    sources.visit(volume.flexVolume, "flexVolume", [&](const auto&) { return oldVolumeErrors(volume, "flexVolume", path); });
    sources.visit(volume.configMap, "configMap", [&](const auto& s) { return keyedErrors(s.name, "name", s.defaultMode, s.items, path.child("configMap")); });
    sources.visit(volume.azureFile, "azureFile", [&](const auto&) { return oldVolumeErrors(volume, "azureFile", path); });
    sources.visit(volume.vsphereVolume, "vsphereVolume", [&](const auto&) { return oldVolumeErrors(volume, "vsphereVolume", path); });
    sources.visit(volume.photonPersistentDisk, "photonPersistentDisk", [&](const auto&) { return oldVolumeErrors(volume, "photonPersistentDisk", path); });
    sources.visit(volume.portworxVolume, "portworxVolume", [&](const auto&) { return oldVolumeErrors(volume, "portworxVolume", path); });
    sources.visit(volume.azureDisk, "azureDisk", [&](const auto&) { return oldVolumeErrors(volume, "azureDisk", path); });
    sources.visit(volume.storageos, "storageos", [&](const auto&) { return oldVolumeErrors(volume, "storageos", path); });
    sources.visit(volume.projected, "projected", [&](const auto& s) { return projectedErrors(s, path.child("projected")); });
    sources.visit(volume.scaleIO, "scaleIO", [&](const auto&) { return oldVolumeErrors(volume, "scaleIO", path); });
    sources.visit(volume.csi, "csi", [&](const auto& s) { return csiErrors(s, path.child("csi")); });
    sources.visit(volume.ephemeral, "ephemeral", [&](const auto& s) {
        field::Errors errors = ephemeralErrors(s, path.child("ephemeral"));
        if (context.metadata && !context.metadata->name.empty() && !volume.name.empty()) {
            const std::string claim = context.metadata->name + "-" + volume.name;
            for (const auto& complaint : dns1123SubdomainErrors(claim)) {
                errors.push_back(field::invalid(path.child("name"), volume.name, fmt::format("PVC name \"{}\": {}", claim, complaint)));
            }
        }
        return errors;
    });
    sources.visit(volume.image, "image", [&](const auto& s) {
        field::Errors errors;
        if (context.isPod && s.reference.empty()) errors.push_back(field::required(path.child("image", "reference")));
        field::append(errors, pullPolicyErrors(s.pullPolicy, path.child("image", "pullPolicy")));
        return errors;
    });
    return sources.finish();
}

}  // namespace

field::Errors pathWithoutBackstepsErrors(const std::string& target, const field::Path& path) {
    std::string_view rest = target;
    while (true) {
        const auto slash = rest.find('/');
        if (rest.substr(0, slash) == "..") return {field::invalid(path, target, "must not contain '..'")};
        if (slash == std::string_view::npos) return {};
        rest.remove_prefix(slash + 1);
    }
}

field::Errors relativePathErrors(const std::string& target, const field::Path& path) {
    field::Errors errors;
    if (target.starts_with('/')) errors.push_back(field::invalid(path, target, "must be a relative path"));
    field::append(errors, pathWithoutBackstepsErrors(target, path));
    return errors;
}

field::Errors hostPathErrors(const HostPathVolumeSource& host, const field::Path& path) {
    if (host.path.empty()) return {field::required(path.child("path"))};
    field::Errors errors = pathWithoutBackstepsErrors(host.path, path.child("path"));
    if (host.type) {
        field::append(errors, choiceErrors(path.child("type"), *host.type,
                                           {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"}));
    }
    return errors;
}

field::Errors csiDriverNameErrors(const std::string& name, const field::Path& path) {
    if (name.empty()) return {field::required(path)};
    field::Errors errors;
    if (std::ssize(name) > kLongestDriverName) errors.push_back(field::tooLong(path, kLongestDriverName));
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    field::append(errors, complaintErrors(path, name, dns1123SubdomainErrors(lower)));
    return errors;
}

field::Errors nfsErrors(const NFSVolumeSource& nfs, const field::Path& path) {
    field::Errors errors;
    if (nfs.server.empty()) errors.push_back(field::required(path.child("server")));
    if (nfs.path.empty()) errors.push_back(field::required(path.child("path")));
    if (!nfs.path.starts_with('/')) errors.push_back(field::invalid(path.child("path"), nfs.path, "must be an absolute path"));
    return errors;
}

field::Errors volumesErrors(const std::vector<Volume>& volumes, PodContext& context, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> madeClaims;
    for (const auto& volume : volumes) {
        if (volume.ephemeral && context.metadata && !context.metadata->name.empty()) madeClaims.insert(context.metadata->name + "-" + volume.name);
    }
    for (std::size_t i = 0; i < volumes.size(); ++i) {
        const auto& volume = volumes[i];
        const field::Path at = path.index(i);
        field::Errors faults = sourceErrors(volume, context, at);
        if (volume.name.empty()) {
            faults.push_back(field::required(at.child("name")));
        } else {
            field::append(faults, labelErrors(at.child("name"), volume.name));
        }
        if (context.volumes.contains(volume.name)) faults.push_back(field::duplicate(at.child("name"), volume.name));
        if (faults.empty()) context.volumes[volume.name] = &volume;
        field::append(errors, std::move(faults));
        if (volume.persistentVolumeClaim && madeClaims.contains(volume.persistentVolumeClaim->claimName)) {
            errors.push_back(field::invalid(at.child("persistentVolumeClaim", "claimName"), volume.persistentVolumeClaim->claimName,
                                            "must not reference a PVC that gets created for an ephemeral volume"));
        }
    }
    return errors;
}

}  // namespace qd::api
