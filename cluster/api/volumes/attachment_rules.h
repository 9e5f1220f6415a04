// Which volumes are attached to nodes, under which names, and which Pods use which claims. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"

namespace qd::api::volumes {

// Of a Node: its volumes are attached by the control plane, not by its agent.
inline constexpr char kControllerManagedAttach[] = "volumes.kubernetes.io/controller-managed-attach-detach";

// The name of a volume in a Node's volumesAttached and volumesInUse, "kubernetes.io/csi/<driver>^<handle>"; nothing for
// volumes that are not attached, such as host paths and network shares.
std::optional<std::string> attachedName(const corev1::PersistentVolume& volume);
// The name of the VolumeAttachment of a CSI volume and a node.
std::string attachmentName(const std::string& handle, const std::string& driver, const std::string& node);
// Whether the volume may be attached to several nodes at once, by its access modes.
bool attachesToMany(const corev1::PersistentVolume& volume);

// The name of the claim behind a Pod's volume; empty when there is none behind it.
std::string claimName(const corev1::Pod& pod, const corev1::Volume& volume);
// "namespace/name" of all its claims.
std::vector<std::string> claimKeys(const corev1::Pod& pod);
// Why a claim of an ephemeral volume's name is not the Pod's own, in upstream's words; nothing when it is.
std::optional<std::string> notOwned(const corev1::PersistentVolumeClaim& claim, const corev1::Pod& pod);

// Nothing of the Pod runs or will run any more, so that nobody uses its volumes.
bool isTerminated(const corev1::Pod& pod);

}  // namespace qd::api::volumes
