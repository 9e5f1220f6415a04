// Which volume a claim is given, and where a volume can be reached from. Pure.
// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/client/typed.h"

namespace qd::scheduler {

inline const std::string kSelectedNode = "volume.kubernetes.io/selected-node";
inline const std::string kBindCompleted = "pv.kubernetes.io/bind-completed";
inline const std::string kBoundByController = "pv.kubernetes.io/bound-by-controller";

// Both sides agree, and the binder has said so.
bool isFullyBound(const corev1::PersistentVolumeClaim& claim);
// Whether the volume is meant for this claim and no other.
bool isMeantFor(const corev1::PersistentVolume& volume, const corev1::PersistentVolumeClaim& claim);
// Whether the volume's node affinity lets the node use it.
bool isReachable(const corev1::PersistentVolume& volume, const corev1::Node& node);
bool matchesTopology(const std::vector<corev1::TopologySelectorTerm>& terms, const corev1::Node& node);
std::int64_t requestedBytes(const corev1::PersistentVolumeClaim& claim);

using Volumes = std::vector<client::Ptr<corev1::PersistentVolume>>;

// Those of the volumes that the claim could be given on some node; one that is meant for it comes alone. Smaller ones
// come first, so that the first that a node reaches is the one to take.
Volumes candidatesFor(const corev1::PersistentVolumeClaim& claim, Volumes volumes);
// The volume with the claim's name on it. Null when it is there already.
client::Ptr<corev1::PersistentVolume> boundTo(const corev1::PersistentVolume& volume,
                                              const corev1::PersistentVolumeClaim& claim);

// Whether one pool of storage that the node reaches says that it has room for the claim.
bool hasRoom(const std::vector<client::Ptr<storagev1::CSIStorageCapacity>>& pools, const std::string& storageClass,
             std::int64_t bytes, const corev1::Node& node);

}  // namespace qd::scheduler
