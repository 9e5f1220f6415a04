// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/core/persistent_volumes.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/core/volume_sources.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/type_of.h"

namespace qd::api {
namespace {

using corev1::PersistentVolume;
using corev1::PersistentVolumeSource;
using corev1::PersistentVolumeSpec;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");

field::Errors secretErrors(const Box<corev1::SecretReference>& secret, const field::Path& path) {
    if (!secret) return {};
    field::Errors errors;
    if (secret->name.empty()) {
        errors.push_back(field::required(path.child("name")));
    } else {
        field::append(errors, subdomainErrors(path.child("name"), secret->name));
    }
    if (secret->namespace_.empty()) {
        errors.push_back(field::required(path.child("namespace")));
    } else {
        field::append(errors, labelErrors(path.child("namespace"), secret->namespace_));
    }
    return errors;
}

// The secret for staging is not looked at upstream either.
field::Errors csiErrors(const corev1::CSIPersistentVolumeSource& csi, const field::Path& path) {
    field::Errors errors = csiDriverNameErrors(csi.driver, path.child("driver"));
    if (csi.volumeHandle.empty()) errors.push_back(field::required(path.child("volumeHandle")));
    field::append(errors, secretErrors(csi.controllerPublishSecretRef, path.child("controllerPublishSecretRef")));
    field::append(errors, secretErrors(csi.controllerExpandSecretRef, path.child("controllerExpandSecretRef")));
    field::append(errors, secretErrors(csi.nodePublishSecretRef, path.child("nodePublishSecretRef")));
    field::append(errors, secretErrors(csi.nodeExpandSecretRef, path.child("nodeExpandSecretRef")));
    return errors;
}

field::Errors localErrors(const PersistentVolumeSpec& spec, const field::Path& path) {
    const std::string& place = spec.local->path;
    field::Errors errors;
    if (place.empty()) {
        errors.push_back(field::required(path.child("local", "path")));
    } else {
        errors = pathWithoutBackstepsErrors(place, path.child("local", "path"));
    }
    if (!spec.nodeAffinity || !spec.nodeAffinity->required)
        errors.push_back(field::required(path.child("nodeAffinity"), "Local volume requires node affinity"));
    return errors;
}

field::Errors sourceErrors(const PersistentVolumeSpec& spec, const field::Path& path) {
    SoleSource sole(path);
    const auto old = [&](const char* source) {
        return [&spec, &path, source](const auto&) { return oldVolumeErrors(spec, source, path); };
    };
    sole.visit(spec.hostPath, "hostPath",
               [&](const auto& source) { return hostPathErrors(source, path.child("hostPath")); });
    sole.visit(spec.gcePersistentDisk, "gcePersistentDisk", old("gcePersistentDisk"));
    sole.visit(spec.awsElasticBlockStore, "awsElasticBlockStore", old("awsElasticBlockStore"));
    sole.visit(spec.glusterfs, "glusterfs", old("glusterfs"));
    sole.visit(spec.flocker, "flocker", old("flocker"));
    sole.visit(spec.nfs, "nfs", [&](const auto& source) { return nfsErrors(source, path.child("nfs")); });
    sole.visit(spec.rbd, "rbd", old("rbd"));
    sole.visit(spec.quobyte, "quobyte", old("quobyte"));
    sole.visit(spec.cephfs, "cephFS", old("cephfs"));
    sole.visit(spec.iscsi, "iscsi", old("iscsi"));
    sole.visit(spec.cinder, "cinder", old("cinder"));
    sole.visit(spec.fc, "fc", old("fc"));
    sole.visitAnyway(spec.flexVolume, old("flexVolume"));
    sole.visit(spec.azureFile, "azureFile", old("azureFile"));
    sole.visit(spec.vsphereVolume, "vsphereVolume", old("vsphereVolume"));
    sole.visit(spec.photonPersistentDisk, "photonPersistentDisk", old("photonPersistentDisk"));
    sole.visit(spec.portworxVolume, "portworxVolume", old("portworxVolume"));
    sole.visit(spec.azureDisk, "azureDisk", old("azureDisk"));
    sole.visit(spec.scaleIO, "scaleIO", old("scaleIO"));
    sole.visit(spec.local, "local", [&](const auto&) { return localErrors(spec, path); });
    sole.visit(spec.storageos, "storageos", old("storageos"));
    sole.visit(spec.csi, "csi", [&](const auto& source) { return csiErrors(source, path.child("csi")); });
    return sole.finish();
}

field::Errors capacityErrors(const Map<Quantity>& capacity, const field::Path& path) {
    field::Errors errors;
    if (capacity.empty()) errors.push_back(field::required(path));
    if (capacity.size() != 1 || !capacity.contains("storage")) {
        std::string json;
        appendGoJson(json, typeOf<Map<Quantity>>(), &capacity);
        errors.push_back(field::notSupported(path, field::Shown::raw(json), {"storage"}));
    }
    for (const auto& [name, amount] : capacity) {
        field::append(errors, sizeErrors(amount, path.key(name)));
        if (amount.sign() <= 0)
            errors.push_back(field::invalid(path.key(name), amount.toString(), "must be greater than zero"));
    }
    return errors;
}

field::Errors affinityErrors(const corev1::VolumeNodeAffinity& affinity, const field::Path& path) {
    if (!affinity.required) return {field::required(path.child("required"), "must specify required node constraints")};
    return nodeSelectorErrors(*affinity.required, path.child("required"));
}

// Whether a path is "/" however it is written.
bool isRoot(const std::string& path) {
    return path.starts_with('/') && path.find_first_not_of("/.") == std::string::npos &&
           path.find("...") == std::string::npos;
}

// What a volume inside of an attachment must not have, as it has no claim.
field::Errors inlinedErrors(const PersistentVolumeSpec& spec, const field::Path& path) {
    constexpr std::string_view kInlined = "in the context of inline volumes";
    field::Errors errors;
    const auto refuse = [&](bool given, const char* name) {
        if (given)
            errors.push_back(field::forbidden(path.child(name), fmt::format("may not be specified {}", kInlined)));
    };
    refuse(spec.claimRef.has_value(), "claimRef");
    refuse(!spec.capacity.empty(), "capacity");
    if (!spec.csi)
        errors.push_back(field::required(path.child("csi"), fmt::format("has to be specified {}", kInlined)));
    if (spec.accessModes.empty()) errors.push_back(field::required(path.child("accessModes")));
    field::append(errors, accessModesErrors(spec.accessModes, path.child("accessModes")));
    if (!spec.persistentVolumeReclaimPolicy.empty() && spec.persistentVolumeReclaimPolicy != "Retain") {
        errors.push_back(field::forbidden(path.child("persistentVolumeReclaimPolicy"),
                                          fmt::format("may only be Retain {}", kInlined)));
    }
    refuse(spec.nodeAffinity.has_value(), "nodeAffinity");
    field::append(errors, sourceErrors(spec, path));
    refuse(!spec.storageClassName.empty(), "storageClassName");
    if (spec.volumeMode.value_or("Filesystem") != "Filesystem") {
        errors.push_back(field::forbidden(
            path.child("volumeMode"), fmt::format("may not specify volumeMode other than Filesystem {}", kInlined)));
    }
    return errors;
}

field::Errors attributesClassErrors(const PersistentVolumeSpec& spec, const field::Path& path) {
    if (!spec.volumeAttributesClassName) return {};
    const field::Path at = path.child("volumeAttributesClassName");
    const std::string& name = *spec.volumeAttributesClassName;
    field::Errors errors =
        name.empty() ? field::Errors{field::required(at, "an empty string is disallowed")} : subdomainErrors(at, name);
    if (!spec.csi)
        errors.push_back(
            field::required(path.child("csi"), "has to be specified when using volumeAttributesClassName"));
    return errors;
}

field::Errors volumeErrors(const Object& object) {
    field::Errors errors = validateObjectMeta(object.metadata, false, nullptr, kMetadata);
    field::append(errors, volumeSpecErrors(as<PersistentVolume>(object).spec, false, kSpec));
    return errors;
}

// The label that a beta label of topology became.
std::string_view lasting(std::string_view label) {
    static constexpr std::pair<std::string_view, std::string_view> kLabels[] = {
        {"failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"},
        {"failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"},
        {"beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"},
        {"beta.kubernetes.io/os", "kubernetes.io/os"},
        {"beta.kubernetes.io/arch", "kubernetes.io/arch"}};
    for (const auto& [beta, stable] : kLabels) {
        if (label == beta) return stable;
    }
    return {};
}

// Where old has a beta label and now the one that it became, the old one is rewritten.
void followLabels(corev1::VolumeNodeAffinity& old, const corev1::VolumeNodeAffinity& now) {
    if (!old.required || !now.required) return;
    auto& before = old.required->nodeSelectorTerms;
    const auto& after = now.required->nodeSelectorTerms;
    for (std::size_t t = 0; t < before.size() && t < after.size(); ++t) {
        auto& expressions = before[t].matchExpressions;
        for (std::size_t i = 0; i < expressions.size() && i < after[t].matchExpressions.size(); ++i) {
            const std::string& key = after[t].matchExpressions[i].key;
            if (lasting(expressions[i].key) == key) expressions[i].key = key;
        }
    }
}

field::Errors affinityChangeErrors(const Box<corev1::VolumeNodeAffinity>& now,
                                   const Box<corev1::VolumeNodeAffinity>& old) {
    if (!old) return {};
    auto before = *old;
    if (now) followLabels(before, *now);
    if (now && *now == before) return {};
    return {field::invalid(field::Path("nodeAffinity"), shownPointer(now.get()),
                           "field is immutable, except for updating from beta label to GA")};
}

field::Errors changeErrors(const Object& nowObject, const Object& oldObject) {
    const auto& now = as<PersistentVolume>(nowObject).spec;
    const auto& old = as<PersistentVolume>(oldObject).spec;
    field::Errors errors = volumeErrors(nowObject);
    PersistentVolumeSource source = now;
    // The secret for expansion may be added later.
    if (old.csi && !old.csi->controllerExpandSecretRef && source.csi) source.csi->controllerExpandSecretRef.reset();
    const PersistentVolumeSource& before = old;
    if (!(source == before)) {
        errors.push_back(field::forbidden(
            kSpec.child("persistentvolumesource"),
            fmt::format("spec.persistentvolumesource is immutable after creation\n{}", goDiff(before, source))));
    }
    if (now.volumeMode != old.volumeMode) {
        errors.push_back(immutable(field::Path("volumeMode"),
                                   now.volumeMode ? field::Shown(*now.volumeMode) : field::Shown::null()));
    }
    field::append(errors, affinityChangeErrors(now.nodeAffinity, old.nodeAffinity));
    if (old.volumeAttributesClassName && !now.volumeAttributesClassName) {
        errors.push_back(field::forbidden(kSpec.child("volumeAttributesClassName"),
                                          "update from non-nil value to nil is forbidden"));
    }
    return errors;
}

std::vector<std::string> warningsOf(const Object& object) {
    const auto& volume = as<PersistentVolume>(object);
    const auto& spec = volume.spec;
    std::vector<std::string> warnings;
    const auto& annotations = volume.metadata.annotations;
    if (annotations.contains(kOldStorageClass)) {
        warnings.push_back(
            fmt::format("metadata.annotations[{}]: deprecated since v1.8; use \"storageClassName\" attribute instead",
                        kOldStorageClass));
    }
    constexpr std::string_view kMountOptions = "volume.beta.kubernetes.io/mount-options";
    if (annotations.contains(kMountOptions))
        warnings.push_back(fmt::format(
            "metadata.annotations[{}]: deprecated since v1.31; use \"mountOptions\" attribute instead", kMountOptions));
    if (spec.persistentVolumeReclaimPolicy == "Recycle") {
        warnings.emplace_back(
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended "
            "approach is to use dynamic provisioning.");
    }
    const auto gone = [&](bool given, const char* name, const char* since, const char* until) {
        if (given)
            warnings.push_back(fmt::format("spec.{}: deprecated in {}, non-functional in {}+", name, since, until));
    };
    gone(spec.photonPersistentDisk.has_value(), "photonPersistentDisk", "v1.11", "v1.16");
    gone(spec.scaleIO.has_value(), "scaleIO", "v1.16", "v1.22");
    gone(spec.storageos.has_value(), "storageOS", "v1.22", "v1.25");
    gone(spec.glusterfs.has_value(), "glusterfs", "v1.25", "v1.26");
    gone(spec.cephfs.has_value(), "cephfs", "v1.28", "v1.31");
    gone(spec.rbd.has_value(), "rbd", "v1.28", "v1.31");
    return warnings;
}

std::vector<Cell> cellsOf(const Object& object, base::WallTime now) {
    const auto& volume = as<PersistentVolume>(object);
    const auto& spec = volume.spec;
    const auto old = volume.metadata.annotations.find(kOldStorageClass);
    return {volume.metadata.name,
            storageOf(spec.capacity).toString(),
            accessModesText(spec.accessModes),
            spec.persistentVolumeReclaimPolicy,
            volume.metadata.deletionTimestamp ? "Terminating" : volume.status.phase,
            spec.claimRef ? spec.claimRef->namespace_ + "/" + spec.claimRef->name : "",
            old == volume.metadata.annotations.end() ? spec.storageClassName : old->second,
            spec.volumeAttributesClassName.value_or("<unset>"),
            volume.status.reason,
            ageText(volume.metadata.creationTimestamp, now),
            spec.volumeMode.value_or("<unset>")};
}

void addTable(Kind& kind) {
    using Status = corev1::PersistentVolumeStatus;
    kind.columns = {nameColumn(),
                    fieldColumn<PersistentVolumeSpec>("Capacity", "string", "capacity"),
                    fieldColumn<PersistentVolumeSpec>("Access Modes", "string", "accessModes"),
                    fieldColumn<PersistentVolumeSpec>("Reclaim Policy", "string", "persistentVolumeReclaimPolicy"),
                    fieldColumn<Status>("Status", "string", "phase"),
                    fieldColumn<PersistentVolumeSpec>("Claim", "string", "claimRef"),
                    textColumn("StorageClass", "StorageClass of the pv"),
                    fieldColumn<PersistentVolumeSpec>("VolumeAttributesClass", "string", "volumeAttributesClassName"),
                    fieldColumn<Status>("Reason", "string", "reason"),
                    ageColumn(),
                    wide(fieldColumn<PersistentVolumeSpec>("VolumeMode", "string", "volumeMode"))};
    kind.cells = cellsOf;
}

}  // namespace

void setVolumeSpecDefaults(PersistentVolumeSpec& spec) {
    if (spec.persistentVolumeReclaimPolicy.empty()) spec.persistentVolumeReclaimPolicy = "Retain";
    if (!spec.volumeMode) spec.volumeMode = "Filesystem";
    setSourceDefaults(spec);
    roundResources(spec.capacity);
}

field::Errors volumeSpecErrors(const PersistentVolumeSpec& spec, bool inlined, const field::Path& path) {
    if (inlined) return inlinedErrors(spec, path);
    field::Errors errors;
    if (spec.accessModes.empty()) errors.push_back(field::required(path.child("accessModes")));
    field::append(errors, accessModesErrors(spec.accessModes, path.child("accessModes")));
    field::append(errors, capacityErrors(spec.capacity, path.child("capacity")));
    const field::Path policy = path.child("persistentVolumeReclaimPolicy");
    if (!spec.persistentVolumeReclaimPolicy.empty())
        field::append(errors,
                      choiceErrors(policy, spec.persistentVolumeReclaimPolicy, {"Delete", "Recycle", "Retain"}));
    if (spec.nodeAffinity) field::append(errors, affinityErrors(*spec.nodeAffinity, path.child("nodeAffinity")));
    field::append(errors, sourceErrors(spec, path));
    if (spec.hostPath && isRoot(spec.hostPath->path) && spec.persistentVolumeReclaimPolicy == "Recycle") {
        errors.push_back(field::forbidden(policy, "may not be 'recycle' for a hostPath mount of '/'"));
    }
    if (!spec.storageClassName.empty())
        field::append(errors, subdomainErrors(path.child("storageClassName"), spec.storageClassName));
    if (spec.volumeMode)
        field::append(errors, choiceErrors(path.child("volumeMode"), *spec.volumeMode, {"Block", "Filesystem"}));
    field::append(errors, attributesClassErrors(spec, path));
    return errors;
}

Kind persistentVolumeKind() {
    Kind kind = plainKind("", "v1", "PersistentVolume");
    kind.shortNames = {"pv"};
    kind.returnsDeletedObject = true;
    addStatus(kind);
    kind.defaults = [](Object& object) {
        auto& volume = as<PersistentVolume>(object);
        setVolumeSpecDefaults(volume.spec);
        if (volume.status.phase.empty()) volume.status.phase = corev1::VolumePending;
    };
    kind.prepareForCreate = [](Object& object) {
        auto& volume = as<PersistentVolume>(object);
        volume.status = {};
        volume.status.phase = corev1::VolumePending;
        volume.status.lastPhaseTransitionTime = volume.metadata.creationTimestamp;
    };
    validateCreate(kind, volumeErrors);
    // Upstream looks at the whole volume twice, and tells each cause twice.
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = volumeErrors(now);
        field::append(errors, changeErrors(now, old));
        return errors;
    });
    kind.warnings = [](const Object& object, const Object*) { return warningsOf(object); };
    kind.update.warnings = kind.warnings;
    addTable(kind);
    return kind;
}

}  // namespace qd::api
