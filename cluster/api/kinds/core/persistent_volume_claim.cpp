// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#persistentvolumeclaims.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/core/persistent_volumes.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"

namespace qd::api {
namespace {

using corev1::PersistentVolumeClaim;
using corev1::PersistentVolumeClaimSpec;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
const field::Path kStatus("status");
constexpr std::string_view kFixed =
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

// --- data sources
// The two that spec.dataSource could always name. It is ignored when it names anything else; dataSourceRef is refused
// then.
bool isKnownSource(const corev1::TypedLocalObjectReference& source) {
    const std::string group = source.apiGroup.value_or("");
    return (source.kind == "PersistentVolumeClaim" && group.empty()) ||
           (source.kind == "VolumeSnapshot" && group == "snapshot.storage.k8s.io");
}

bool hasSource(const PersistentVolumeClaimSpec& spec) {
    return spec.dataSource || spec.dataSourceRef;
}

// dataSource and dataSourceRef say the same. old: null for a new claim.
void settleSources(PersistentVolumeClaimSpec& spec, const PersistentVolumeClaimSpec* old) {
    // Sources in other namespaces are behind a switch that is off.
    const bool foreign = spec.dataSourceRef && spec.dataSourceRef->namespace_;
    if (foreign && !(old && old->dataSourceRef && old->dataSourceRef->namespace_)) spec.dataSourceRef.reset();
    const bool keeps = old && hasSource(*old);
    if (!keeps && spec.dataSource && !isKnownSource(*spec.dataSource)) spec.dataSource.reset();
    if (spec.dataSource && !spec.dataSourceRef) {
        auto& ref = spec.dataSourceRef.emplace();
        ref.apiGroup = spec.dataSource->apiGroup;
        ref.kind = spec.dataSource->kind;
        ref.name = spec.dataSource->name;
    } else if (spec.dataSourceRef && !spec.dataSource && spec.dataSourceRef->namespace_.value_or("").empty()) {
        auto& source = spec.dataSource.emplace();
        source.apiGroup = spec.dataSourceRef->apiGroup;
        source.kind = spec.dataSourceRef->kind;
        source.name = spec.dataSourceRef->name;
    }
}

template <typename Reference>
field::Errors dataSourceErrors(const Reference& source, bool anyGroup, const field::Path& path) {
    field::Errors errors;
    if (source.name.empty()) errors.push_back(field::required(path.child("name")));
    if (source.kind.empty()) errors.push_back(field::required(path.child("kind")));
    const std::string group = source.apiGroup.value_or("");
    if (group.empty() && source.kind != "PersistentVolumeClaim") {
        errors.push_back(
            field::invalid(path, source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
    }
    if (!group.empty() && !anyGroup) field::append(errors, subdomainErrors(path.child("apiGroup"), group));
    return errors;
}

field::Errors dataSourcesErrors(const PersistentVolumeClaimSpec& claim, bool anyGroup, const field::Path& path) {
    field::Errors errors;
    const auto& source = claim.dataSource;
    const auto& ref = claim.dataSourceRef;
    if (source) field::append(errors, dataSourceErrors(*source, anyGroup, path.child("dataSource")));
    if (!ref) return errors;
    field::append(errors, dataSourceErrors(*ref, anyGroup, path.child("dataSourceRef")));
    const std::string ns = ref->namespace_.value_or("");
    if (!ns.empty()) field::append(errors, labelErrors(path.child("dataSourceRef", "namespace"), ns));
    if (!source) return errors;
    // Upstream shows a path here, which its JSON leaves empty.
    const field::Shown shownPath = field::Shown::raw("{}");
    if (!ns.empty()) {
        errors.push_back(
            field::invalid(path, shownPath, "may not be specified when dataSourceRef.namespace is specified"));
    } else if (source->apiGroup != ref->apiGroup || source->kind != ref->kind || source->name != ref->name) {
        errors.push_back(field::invalid(path, shownPath, "must match dataSourceRef"));
    }
    return errors;
}

// --- create and update
field::Errors claimErrors(const PersistentVolumeClaim& claim, const PersistentVolumeClaim* old) {
    const bool anyGroup = old && ((old->spec.dataSource && old->spec.dataSource->apiGroup) ||
                                  (old->spec.dataSourceRef && old->spec.dataSourceRef->apiGroup));
    field::Errors errors = validateObjectMeta(claim.metadata, true, nullptr, kMetadata);
    field::append(errors, claimSpecErrors(claim.spec, kSpec, anyGroup));
    return errors;
}

const std::string* annotation(const PersistentVolumeClaim& claim, const char* key) {
    const auto found = claim.metadata.annotations.find(key);
    return found == claim.metadata.annotations.end() ? nullptr : &found->second;
}

// A class may move from the old annotation into the field, and a claim that never had one may get one.
field::Errors classErrors(const PersistentVolumeClaim& now, const PersistentVolumeClaim& old,
                          PersistentVolumeClaimSpec& compared) {
    const auto* before = annotation(old, kOldStorageClass);
    const auto* after = annotation(now, kOldStorageClass);
    const auto& name = now.spec.storageClassName;
    const bool added = !old.spec.storageClassName && name && (!before || *name == *before);
    if (added) compared.storageClassName = old.spec.storageClassName;
    if (added && before && (!after || *after == *before)) return {};
    const std::string had = before ? *before : "";
    const std::string has = after ? *after : "";
    if (had == has) return {};
    return {immutable(kMetadata.child("annotations", kOldStorageClass), has)};
}

field::Errors attributesClassErrors(const PersistentVolumeClaimSpec& now, const PersistentVolumeClaimSpec& old) {
    const field::Path path = kSpec.child("volumeAttributesClassName");
    if (!old.volumeAttributesClassName || now.volumeAttributesClassName == old.volumeAttributesClassName) return {};
    if (!now.volumeAttributesClassName)
        return {field::forbidden(path, "update from non-nil value to nil is forbidden")};
    if (now.volumeAttributesClassName->empty())
        return {field::forbidden(path, "update from non-nil value to an empty string is forbidden")};
    return {};
}

// What a bound claim may change is taken out of the comparison.
void allowWhatBoundClaimsMay(const PersistentVolumeClaim& now, const PersistentVolumeClaim& old,
                             PersistentVolumeClaimSpec& compared) {
    if (now.status.phase != corev1::ClaimBound) return;
    const auto storage = old.spec.resources.requests.find("storage");
    if (!compared.resources.requests.empty() && storage != old.spec.resources.requests.end())
        compared.resources.requests["storage"] = storage->second;
    if (compared.volumeAttributesClassName) compared.volumeAttributesClassName = old.spec.volumeAttributesClassName;
}

field::Errors changeErrors(const PersistentVolumeClaim& now, const PersistentVolumeClaim& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    PersistentVolumeClaimSpec compared = now.spec;
    PersistentVolumeClaimSpec before = old.spec;
    if (before.volumeName.empty()) before.volumeName = compared.volumeName;  // set once, by the binder
    field::append(errors, classErrors(now, old, compared));
    allowWhatBoundClaimsMay(now, old, compared);
    if (!(compared == before))
        errors.push_back(field::forbidden(kSpec, fmt::format("{}\n{}", kFixed, goDiff(before, compared))));
    // A claim whose expansion failed may ask for less, but not for less than there is.
    const Quantity size = storageOf(now.spec.resources.requests);
    if (size < storageOf(old.spec.resources.requests) && size <= storageOf(old.status.capacity)) {
        errors.push_back(field::forbidden(kSpec.child("resources", "requests").child("storage"),
                                          "field can not be less than status.capacity"));
    }
    if (now.spec.volumeMode != old.spec.volumeMode) {
        const auto& mode = now.spec.volumeMode;
        errors.push_back(immutable(field::Path("volumeMode"), mode ? field::Shown(*mode) : field::Shown::null()));
    }
    field::append(errors, attributesClassErrors(now.spec, old.spec));
    return errors;
}

// --- status
field::Errors resourceKeyErrors(const std::string& name, const field::Path& path) {
    field::Errors errors = qualifiedErrors(path, name);
    const bool native = name.find('/') == std::string::npos || name.find("kubernetes.io/") != std::string::npos;
    if (errors.empty() && native && name != "storage") errors.push_back(field::notSupported(path, name, {"storage"}));
    return errors;
}

field::Errors statusErrors(const Object& nowObject, const Object& old) {
    const auto& now = as<PersistentVolumeClaim>(nowObject);
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    if (now.spec.accessModes.empty()) errors.push_back(field::required(field::Path("Spec.accessModes")));
    for (const auto& [name, amount] : now.status.capacity)
        field::append(errors, sizeErrors(amount, kStatus.child("capacity").key(name)));
    const field::Path resizes = kStatus.child("allocatedResourceStatus");
    for (const auto& [name, state] : now.status.allocatedResourceStatuses) {
        field::append(errors, resourceKeyErrors(name, resizes));
        if (contains({"ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress",
                      "NodeResizeInfeasible", "NodeResizePending"},
                     state))
            continue;
        errors.push_back(field::notSupported(resizes, name,
                                             {"ControllerResizeInProgress", "ControllerResizeInfeasible",
                                              "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"}));
    }
    const field::Path allocated = kStatus.child("allocatedResources");
    for (const auto& [name, amount] : now.status.allocatedResources) {
        field::Errors faults = resourceKeyErrors(name, allocated);
        if (faults.empty()) faults = sizeErrors(amount, allocated.key(name));
        if (faults.empty()) faults = quantityErrors("storage", amount, allocated.key(name));
        field::append(errors, std::move(faults));
    }
    return errors;
}

std::vector<std::string> warningsOf(const Object& object) {
    const auto& claim = as<PersistentVolumeClaim>(object);
    std::vector<std::string> warnings;
    if (annotation(claim, kOldStorageClass)) {
        warnings.push_back(
            fmt::format("metadata.annotations[{}]: deprecated since v1.8; use \"storageClassName\" attribute instead",
                        kOldStorageClass));
    }
    const auto check = [&](const Map<Quantity>& amounts, const char* list) {
        const Quantity size = storageOf(amounts);
        if (size.milliValue() % 1000 == 0) return;
        warnings.push_back(
            fmt::format("spec.resources.{}[storage]: fractional byte value \"{}\" is invalid, must be an integer", list,
                        size.toString()));
    };
    check(claim.spec.resources.requests, "requests");
    check(claim.spec.resources.limits, "limits");
    return warnings;
}

std::vector<Cell> cellsOf(const Object& object, base::WallTime now) {
    const auto& claim = as<PersistentVolumeClaim>(object);
    const bool named = !claim.spec.volumeName.empty();
    const auto* old = annotation(claim, kOldStorageClass);
    return {claim.metadata.name,
            claim.metadata.deletionTimestamp ? "Terminating" : claim.status.phase,
            claim.spec.volumeName,
            named ? storageOf(claim.status.capacity).toString() : "",
            named ? accessModesText(claim.status.accessModes) : "",
            old ? *old : claim.spec.storageClassName.value_or(""),
            claim.spec.volumeAttributesClassName.value_or("<unset>"),
            ageText(claim.metadata.creationTimestamp, now),
            claim.spec.volumeMode.value_or("<unset>")};
}

void addTable(Kind& kind) {
    using Spec = PersistentVolumeClaimSpec;
    using Status = corev1::PersistentVolumeClaimStatus;
    kind.columns = {nameColumn(),
                    fieldColumn<Status>("Status", "string", "phase"),
                    fieldColumn<Spec>("Volume", "string", "volumeName"),
                    fieldColumn<Status>("Capacity", "string", "capacity"),
                    fieldColumn<Status>("Access Modes", "string", "accessModes"),
                    textColumn("StorageClass", "StorageClass of the pvc"),
                    fieldColumn<Spec>("VolumeAttributesClass", "string", "volumeAttributesClassName"),
                    ageColumn(),
                    wide(fieldColumn<Spec>("VolumeMode", "string", "volumeMode"))};
    kind.cells = cellsOf;
}

}  // namespace

field::Errors accessModesErrors(const std::vector<std::string>& modes, const field::Path& path) {
    field::Errors errors;
    bool single = false;
    bool others = false;
    for (const auto& mode : modes) {
        auto faults = choiceErrors(path, mode, {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"});
        single = single || mode == "ReadWriteOncePod";
        others = others || (faults.empty() && mode != "ReadWriteOncePod");
        field::append(errors, std::move(faults));
    }
    if (single && others)
        errors.push_back(field::forbidden(path, "may not use ReadWriteOncePod with other access modes"));
    return errors;
}

std::string accessModesText(const std::vector<std::string>& modes) {
    static constexpr std::pair<std::string_view, std::string_view> kShort[] = {
        {"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"}, {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"}};
    std::string text;
    for (const auto& [mode, name] : kShort) {
        if (std::find(modes.begin(), modes.end(), mode) != modes.end())
            text += (text.empty() ? "" : ",") + std::string(name);
    }
    return text;
}

field::Errors sizeErrors(const Quantity& size, const field::Path& path) {
    if (size.sign() >= 0) return {};
    return {field::invalid(path, size.value(), "must be a valid resource quantity")};
}

Quantity storageOf(const Map<Quantity>& amounts) {
    const auto found = amounts.find("storage");
    return found == amounts.end() ? Quantity() : found->second;
}

void setClaimSpecDefaults(PersistentVolumeClaimSpec& claim) {
    if (!claim.volumeMode) claim.volumeMode = "Filesystem";
    roundResources(claim.resources.limits);
    roundResources(claim.resources.requests);
}

field::Errors claimSpecErrors(const PersistentVolumeClaimSpec& claim, const field::Path& path, bool anyGroup) {
    field::Errors errors;
    if (claim.accessModes.empty())
        errors.push_back(field::required(path.child("accessModes"), "at least 1 access mode is required"));
    field::append(errors, validateLabelSelector(claim.selector.get(), path.child("selector")));
    field::append(errors, accessModesErrors(claim.accessModes, path.child("accessModes")));
    const field::Path storage = path.child("resources").key("storage");
    const auto requested = claim.resources.requests.find("storage");
    if (requested == claim.resources.requests.end()) {
        errors.push_back(field::required(storage));
    } else if (requested->second.sign() <= 0) {
        errors.push_back(field::invalid(storage, requested->second.toString(), "must be greater than zero"));
    } else {
        field::append(errors, quantityErrors("storage", requested->second, storage));
    }
    if (!claim.storageClassName.value_or("").empty())
        field::append(errors, subdomainErrors(path.child("storageClassName"), *claim.storageClassName));
    if (claim.volumeMode)
        field::append(errors, choiceErrors(path.child("volumeMode"), *claim.volumeMode, {"Block", "Filesystem"}));
    field::append(errors, dataSourcesErrors(claim, anyGroup, path));
    const std::string attributes = claim.volumeAttributesClassName.value_or("");
    if (!attributes.empty())
        field::append(errors, subdomainErrors(path.child("volumeAttributesClassName"), attributes));
    return errors;
}

Kind persistentVolumeClaimKind() {
    Kind kind = plainKind("", "v1", "PersistentVolumeClaim");
    kind.shortNames = {"pvc"};
    kind.returnsDeletedObject = true;
    addStatus(kind);
    kind.defaults = [](Object& object) {
        auto& claim = as<PersistentVolumeClaim>(object);
        setClaimSpecDefaults(claim.spec);
        roundResources(claim.status.capacity);
        roundResources(claim.status.allocatedResources);
        if (claim.status.phase.empty()) claim.status.phase = corev1::ClaimPending;
    };
    kind.prepareForCreate = [](Object& object) {
        auto& claim = as<PersistentVolumeClaim>(object);
        claim.status = {};
        claim.status.phase = corev1::ClaimPending;
        settleSources(claim.spec, nullptr);
    };
    kind.update.prepare = [](Object& now, const Object& old) {
        as<PersistentVolumeClaim>(now).status = as<PersistentVolumeClaim>(old).status;
        settleSources(as<PersistentVolumeClaim>(now).spec, &as<PersistentVolumeClaim>(old).spec);
    };
    validateCreate(kind, [](const Object& object) { return claimErrors(as<PersistentVolumeClaim>(object), nullptr); });
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = claimErrors(as<PersistentVolumeClaim>(now), &as<PersistentVolumeClaim>(old));
        field::append(errors, changeErrors(as<PersistentVolumeClaim>(now), as<PersistentVolumeClaim>(old)));
        return errors;
    });
    validateSubresource(kind, "status", statusErrors);
    kind.warnings = [](const Object& object, const Object*) { return warningsOf(object); };
    kind.update.warnings = kind.warnings;
    addTable(kind);
    return kind;
}

}  // namespace qd::api
