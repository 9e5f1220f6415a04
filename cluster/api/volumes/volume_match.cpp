#include "cluster/api/volumes/volume_match.h"

#include <algorithm>
#include <map>
#include <set>

#include "cluster/api/meta/selectors.h"
#include "cluster/api/placement/node_selector.h"

namespace qd::api::volumes {
namespace {

// What a volume must be even when it is reserved for the claim.
bool mayServe(const PersistentVolume& volume, const Claim& claim) {
    return sizeOf(volume) >= requestedSize(claim) && !volume.metadata.deletionTimestamp &&
           sameVolumeMode(volume, claim) &&
           volume.spec.volumeAttributesClassName.value_or("") == claim.spec.volumeAttributesClassName.value_or("");
}

bool isFree(const PersistentVolume& volume, const Claim& claim, const LabelSelector& selector) {
    return !volume.spec.claimRef && volume.status.phase == corev1::VolumeAvailable &&
           selector.matches(volume.metadata.labels) && className(volume) == className(claim) &&
           offersAccessModes(volume, claim);
}

}  // namespace

bool isReachableFrom(const PersistentVolume& volume, const corev1::Node& node) {
    const auto& affinity = volume.spec.nodeAffinity;
    return !affinity || !affinity->required || matches(*affinity->required, node);
}

Volumes candidatesFor(const Claim& claim, Volumes volumes) {
    const auto reserved = std::ranges::find_if(
        volumes, [&](const auto& each) { return isBoundTo(*each, claim) && mayServe(*each, claim); });
    if (reserved != volumes.end()) return {*reserved};
    LabelSelector selector;
    if (claim.spec.selector) selector = LabelSelector::from(*claim.spec.selector).value_or(LabelSelector::nothing());
    std::erase_if(volumes,
                  [&](const auto& each) { return !mayServe(*each, claim) || !isFree(*each, claim, selector); });
    std::ranges::stable_sort(volumes, [](const auto& a, const auto& b) { return sizeOf(*a) < sizeOf(*b); });
    return volumes;
}

VolumePtr bestMatch(const Claim& claim, const Volumes& volumes, bool delayed) {
    using Modes = std::set<std::string>;
    std::map<std::pair<std::size_t, Modes>, Volumes> groups;  // the fewest modes first
    for (const auto& volume : volumes) {
        if (!offersAccessModes(*volume, claim) || (delayed && !isBoundTo(*volume, claim))) continue;
        Modes modes(volume->spec.accessModes.begin(), volume->spec.accessModes.end());
        const std::size_t count = modes.size();
        groups[{count, std::move(modes)}].push_back(volume);
    }
    for (auto& [modes, group] : groups)
        if (const Volumes found = candidatesFor(claim, std::move(group)); !found.empty()) return found.front();
    return nullptr;
}

}  // namespace qd::api::volumes
