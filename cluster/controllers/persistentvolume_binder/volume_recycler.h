// Wiping a released volume by a Pod that mounts it and deletes what is in it, so that it serves another claim: the
// reclaim policy Recycle, for host paths and NFS shares. Deprecated upstream; provisioners have taken its place.
// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#recycle.
#pragma once

#include <optional>
#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"

namespace qd::controllers {

// The Pod that wipes the volume; nothing when there is no way to wipe one of its kind.
std::optional<corev1::Pod> recyclerPod(const corev1::PersistentVolume& volume);
// The volume that a Pod wipes; empty for all other Pods.
std::string recycledBy(const corev1::Pod& pod);

enum class Recycling : std::uint8_t { UnderWay, Done, Failed };
struct RecyclingState {
    Recycling what = Recycling::UnderWay;
    std::string message = {};  // why it failed
};
RecyclingState stateOf(const corev1::Pod& recycler);

}  // namespace qd::controllers
