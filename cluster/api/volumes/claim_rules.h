// How a claim and a volume are tied together, and what each says of its class. All functions are pure.
// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding.
#pragma once

#include <optional>
#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/result.h"

namespace qd::api::volumes {

using Claim = corev1::PersistentVolumeClaim;
using PersistentVolume = corev1::PersistentVolume;

// Of a claim: its binding is complete. What is missing from then on is lost.
inline constexpr char kBindCompleted[] = "pv.kubernetes.io/bind-completed";
// Of both: a controller chose the other, and may undo it; without it a person did.
inline constexpr char kBoundByController[] = "pv.kubernetes.io/bound-by-controller";
// Of a volume: who made it.
inline constexpr char kProvisionedBy[] = "pv.kubernetes.io/provisioned-by";
// Of a claim: who is to make its volume, under the present name and the old one.
inline constexpr char kStorageProvisioner[] = "volume.kubernetes.io/storage-provisioner";
inline constexpr char kBetaStorageProvisioner[] = "volume.beta.kubernetes.io/storage-provisioner";
// Of a claim that waits for its first consumer: the node that the scheduler chose.
inline constexpr char kSelectedNode[] = "volume.kubernetes.io/selected-node";
// Of a claim that is made larger: who does it.
inline constexpr char kStorageResizer[] = "volume.kubernetes.io/storage-resizer";
// Of a volume that was made larger and whose file system was not yet: the size before.
inline constexpr char kPreResizeCapacity[] = "volume.alpha.kubernetes.io/pre-resize-capacity";

// The value of an annotation, or null.
const std::string* annotation(const Object& object, const char* name);

// The class by the old annotation or the field; empty for none.
std::string className(const Claim& claim);
std::string className(const PersistentVolume& volume);
// Whether the claim says anything of its class; "" is an answer too.
bool hasClass(const Claim& claim);

Quantity requestedSize(const Claim& claim);
Quantity sizeOf(const PersistentVolume& volume);

// Both sides agree, and the binder has said so.
bool isFullyBound(const Claim& claim);
// Whether the volume's claimRef names this claim, with its uid or none yet.
bool isBoundTo(const PersistentVolume& volume, const Claim& claim);
bool sameVolumeMode(const PersistentVolume& volume, const Claim& claim);
// Whether the volume offers every access mode that the claim asks for.
bool offersAccessModes(const PersistentVolume& volume, const Claim& claim);
// Why the volume that a claim names cannot be its own, in upstream's words; nothing when it can.
std::optional<std::string> mismatch(const PersistentVolume& volume, const Claim& claim);

// The volume tied to the claim; nothing when it is already.
std::optional<PersistentVolume> tied(const PersistentVolume& volume, const Claim& claim);
// The claim tied to the volume for good; nothing when it is already.
std::optional<Claim> tied(const Claim& claim, const PersistentVolume& volume);
// The volume let go of its claim: wholly, or but for the uid where a person tied it.
PersistentVolume untied(const PersistentVolume& volume);
// The claim's status in a phase, with what the volume (if any) gives it; nothing when it is that already. An error when
// the volume has no size.
Result<std::optional<corev1::PersistentVolumeClaimStatus>> statusIn(const Claim& claim, const std::string& phase,
                                                                    const PersistentVolume* volume);

}  // namespace qd::api::volumes
