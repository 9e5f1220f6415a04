// Which of many volumes a claim is to get: one that is reserved for it, else the smallest that fits. Pure.
// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "cluster/api/volumes/claim_rules.h"

namespace qd::api::volumes {

using VolumePtr = std::shared_ptr<const PersistentVolume>;

struct MatchOptions {
    // Only what is reserved for the claim: the scheduler chooses among the others.
    bool delayed = false;
    // The volume must be reachable from there (the scheduler's question); it must then offer the access modes too.
    const corev1::Node* node = nullptr;
    // Volumes that are promised to other claims of the same Pod.
    std::function<bool(const PersistentVolume&)> isTaken = {};
};

// Null when none fits. Of equally large ones the first.
VolumePtr matchAmong(const Claim& claim, const std::vector<VolumePtr>& volumes, const MatchOptions& options = {});

// The same for all volumes of a cluster: those that offer the fewest access modes beyond the ones asked for come first.
VolumePtr bestMatch(const Claim& claim, const std::vector<VolumePtr>& volumes, const MatchOptions& options = {});

// Whether the volume can be reached from the node.
bool isReachableFrom(const PersistentVolume& volume, const corev1::Node& node);

}  // namespace qd::api::volumes
