// What is to become of a claim, and of a volume, as they stand. Pure.
//
// A volume and a claim are bound when each names the other: the volume is written first (claimRef), the claim second
// (volumeName). Either may be written by a person beforehand. Whoever finds one half done completes it, so that a crash
// between any two writes does no harm.
// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/ and pkg/controller/volume/persistentvolume.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/api/volumes/volume_match.h"
#include "cluster/controllers/volumes/notice.h"

namespace qd::controllers {

using api::volumes::VolumePtr;

// What is known when a claim is looked at.
struct ClaimSight {
    const corev1::PersistentVolumeClaim& claim;
    VolumePtr named;                            // the volume that it names, if there is one of that name
    VolumePtr match;                            // for a claim that names none: the best one for it
    bool delayed = false;                       // its class waits for a first consumer
    std::string defaultClass = {};              // the cluster's; empty: none
    std::vector<std::string> waitingPods = {};  // that use it and have no node yet
};

struct ClaimStep {
    enum class Do : std::uint8_t {
        KeepPending,
        Bind,         // to `volume`
        AssignClass,  // the default one
        Provision,
        Lose,    // for good
        Refuse,  // `problem`
    };
    Do what = Do::KeepPending;
    VolumePtr volume = {};
    std::optional<Notice> notice = {};  // about the claim
    std::string problem = {};
};
ClaimStep planClaim(const ClaimSight& sight);

struct VolumeSight {
    const corev1::PersistentVolume& volume;
    const corev1::PersistentVolumeClaim* claim = nullptr;  // that its claimRef means by name and uid; null when there is none (any more)
};

struct VolumeStep {
    enum class Do : std::uint8_t {
        BeAvailable,
        WakeClaim,  // the claim completes the binding
        BeBound,
        Reclaim,  // released; then by its policy
        Unbind,   // its claim is bound elsewhere
        Nothing,
    };
    Do what = Do::Nothing;
    std::optional<Notice> notice = {};       // about the volume
    std::optional<Notice> claimNotice = {};  // about the claim
};
VolumeStep planVolume(const VolumeSight& sight);

}  // namespace qd::controllers
