#include "cluster/api/volumes/claim_rules.h"

#include <algorithm>

namespace qd::api::volumes {
namespace {

// A claimRef of this claim, as it is now.
corev1::ObjectReference referenceTo(const Claim& claim) {
    corev1::ObjectReference reference;
    reference.kind = "PersistentVolumeClaim";
    reference.apiVersion = "v1";
    reference.namespace_ = claim.metadata.namespace_;
    reference.name = claim.metadata.name;
    reference.uid = claim.metadata.uid;
    reference.resourceVersion = claim.metadata.resourceVersion;
    return reference;
}

bool refersTo(const Box<corev1::ObjectReference>& reference, const Claim& claim) {
    return reference && reference->name == claim.metadata.name && reference->namespace_ == claim.metadata.namespace_ &&
           reference->uid == claim.metadata.uid;
}

std::string modeOf(const std::optional<std::string>& mode) {
    return mode.value_or(corev1::PersistentVolumeFilesystem);
}

Quantity amount(const Map<Quantity>& of) {
    const auto found = of.find(corev1::ResourceStorage);
    return found == of.end() ? Quantity() : found->second;
}

// The size that a claim gets when it becomes bound: that of the volume, or that before a growth which its file system
// has not followed yet.
Map<Quantity> capacityFrom(const PersistentVolume& volume) {
    const std::string* before = annotation(volume, kPreResizeCapacity);
    if (!before) return volume.spec.capacity;
    const auto parsed = Quantity::parse(*before);
    return {{corev1::ResourceStorage, parsed ? *parsed : sizeOf(volume)}};
}

}  // namespace

const std::string* annotation(const Object& object, const char* name) {
    const auto found = object.metadata.annotations.find(name);
    return found == object.metadata.annotations.end() ? nullptr : &found->second;
}

std::string className(const Claim& claim) {
    if (const std::string* old = annotation(claim, corev1::BetaStorageClassAnnotation)) return *old;
    return claim.spec.storageClassName.value_or("");
}

std::string className(const PersistentVolume& volume) {
    if (const std::string* old = annotation(volume, corev1::BetaStorageClassAnnotation)) return *old;
    return volume.spec.storageClassName;
}

bool hasClass(const Claim& claim) {
    return claim.spec.storageClassName || annotation(claim, corev1::BetaStorageClassAnnotation);
}

Quantity requestedSize(const Claim& claim) {
    return amount(claim.spec.resources.requests);
}
Quantity sizeOf(const PersistentVolume& volume) {
    return amount(volume.spec.capacity);
}

bool isFullyBound(const Claim& claim) {
    return !claim.spec.volumeName.empty() && annotation(claim, kBindCompleted);
}

bool isBoundTo(const PersistentVolume& volume, const Claim& claim) {
    const auto& reference = volume.spec.claimRef;
    if (!reference) return false;
    if (reference->name != claim.metadata.name || reference->namespace_ != claim.metadata.namespace_) return false;
    return reference->uid.empty() || reference->uid == claim.metadata.uid;
}

bool sameVolumeMode(const PersistentVolume& volume, const Claim& claim) {
    return modeOf(volume.spec.volumeMode) == modeOf(claim.spec.volumeMode);
}

bool offersAccessModes(const PersistentVolume& volume, const Claim& claim) {
    const auto& offered = volume.spec.accessModes;
    return std::ranges::all_of(claim.spec.accessModes,
                               [&](const auto& mode) { return std::ranges::find(offered, mode) != offered.end(); });
}

std::optional<std::string> mismatch(const PersistentVolume& volume, const Claim& claim) {
    if (volume.metadata.deletionTimestamp) return "the volume is marked for deletion \"" + volume.metadata.name + "\"";
    if (sizeOf(volume) < requestedSize(claim)) return "requested PV is too small";
    if (className(volume) != className(claim)) return "storageClassName does not match";
    if (!sameVolumeMode(volume, claim)) return "incompatible volumeMode";
    if (!offersAccessModes(volume, claim)) return "incompatible accessMode";
    return std::nullopt;
}

std::optional<PersistentVolume> tied(const PersistentVolume& volume, const Claim& claim) {
    const bool refers = refersTo(volume.spec.claimRef, claim);
    const bool marks = !isBoundTo(volume, claim) && !annotation(volume, kBoundByController);
    if (refers && !marks) return std::nullopt;
    PersistentVolume changed = volume;
    if (!refers) changed.spec.claimRef = referenceTo(claim);
    if (marks) changed.metadata.annotations[kBoundByController] = "yes";
    return changed;
}

std::optional<Claim> tied(const Claim& claim, const PersistentVolume& volume) {
    const bool names = claim.spec.volumeName == volume.metadata.name;
    if (names && annotation(claim, kBindCompleted)) return std::nullopt;
    Claim changed = claim;
    if (!names) {
        changed.spec.volumeName = volume.metadata.name;
        changed.metadata.annotations.try_emplace(kBoundByController, "yes");
    }
    changed.metadata.annotations.try_emplace(kBindCompleted, "yes");
    return changed;
}

PersistentVolume untied(const PersistentVolume& volume) {
    PersistentVolume changed = volume;
    if (changed.metadata.annotations.erase(kBoundByController) > 0) {
        changed.spec.claimRef.reset();
    } else if (changed.spec.claimRef) {
        changed.spec.claimRef->uid.clear();
    }
    return changed;
}

Result<std::optional<corev1::PersistentVolumeClaimStatus>> statusIn(const Claim& claim, const std::string& phase,
                                                                    const PersistentVolume* volume) {
    corev1::PersistentVolumeClaimStatus status = claim.status;
    status.phase = phase;
    if (!volume) {
        status.accessModes.clear();
        status.capacity.clear();
        status.currentVolumeAttributesClassName.reset();
    } else {
        status.accessModes = volume->spec.accessModes;
        // Of one that is bound already a difference may be meant: its file system is smaller than its device.
        if (claim.status.phase != phase) {
            if (!volume->spec.capacity.contains(corev1::ResourceStorage)) {
                return fail(Reason::InternalError,
                            "PersistentVolume \"" + volume->metadata.name + "\" is without a storage capacity");
            }
            status.capacity = capacityFrom(*volume);
            // Later it is for whoever changes the volume to say which class it has.
            if (claim.status.phase != corev1::ClaimLost) status.currentVolumeAttributesClassName = volume->spec.volumeAttributesClassName;
        }
    }
    if (status == claim.status) return std::nullopt;
    return status;
}

}  // namespace qd::api::volumes
