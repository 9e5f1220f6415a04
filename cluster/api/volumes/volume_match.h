// Which of many volumes a claim is to get: one that is reserved for it, else the smallest that fits. Pure. The binder and
// the scheduler both ask here, so that they agree.
// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding.
#pragma once

#include <memory>
#include <vector>

#include "cluster/api/volumes/claim_rules.h"

namespace qd::api::volumes {

using VolumePtr = std::shared_ptr<const PersistentVolume>;
using Volumes = std::vector<VolumePtr>;

// Those of the volumes that the claim could be given. One that is reserved for it comes alone, wherever it can be
// reached; else the smaller ones come first, so that the first that a node reaches is the one to take.
Volumes candidatesFor(const Claim& claim, Volumes volumes);

// Null when none fits. Volumes that offer the fewest access modes beyond those asked for come before smaller ones.
// Delayed: only what is reserved for the claim, for the scheduler chooses among the others.
VolumePtr bestMatch(const Claim& claim, const Volumes& volumes, bool delayed = false);

// Whether the volume can be reached from the node.
bool isReachableFrom(const PersistentVolume& volume, const corev1::Node& node);

}  // namespace qd::api::volumes
