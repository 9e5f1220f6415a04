#include "cluster/api/volumes/volume_match.h"

#include <map>
#include <set>

#include "cluster/api/meta/selectors.h"
#include "cluster/api/placement/node_selector.h"

namespace qd::api::volumes {
namespace {

// What any volume must have, reserved or not.
bool mayServe(const PersistentVolume& volume, const Claim& claim, const MatchOptions& options) {
    if (options.isTaken && options.isTaken(volume)) return false;
    if (volume.spec.claimRef && !isBoundTo(volume, claim)) return false;
    if (sizeOf(volume) < requestedSize(claim)) return false;
    if (!sameVolumeMode(volume, claim)) return false;
    if (volume.spec.volumeAttributesClassName.value_or("") != claim.spec.volumeAttributesClassName.value_or(""))
        return false;
    return !volume.metadata.deletionTimestamp;
}

}  // namespace

bool isReachableFrom(const PersistentVolume& volume, const corev1::Node& node) {
    const auto& affinity = volume.spec.nodeAffinity;
    return !affinity || !affinity->required || matches(*affinity->required, node);
}

VolumePtr matchAmong(const Claim& claim, const std::vector<VolumePtr>& volumes, const MatchOptions& options) {
    LabelSelector selector;
    if (claim.spec.selector) selector = LabelSelector::from(*claim.spec.selector).value_or(LabelSelector::nothing());
    const std::string wantedClass = className(claim);
    VolumePtr smallest;
    for (const auto& volume : volumes) {
        if (!mayServe(*volume, claim, options)) continue;
        const bool reachable = !options.node || isReachableFrom(*volume, *options.node);
        // A reserved one that cannot be reached leaves the claim without any.
        if (isBoundTo(*volume, claim)) return reachable ? volume : nullptr;
        if (options.delayed && !options.node) continue;
        if (volume->status.phase != corev1::VolumeAvailable || !reachable) continue;
        if (!selector.matches(volume->metadata.labels) || className(*volume) != wantedClass) continue;
        if (options.node && !offersAccessModes(*volume, claim)) continue;
        if (!smallest || sizeOf(*volume) < sizeOf(*smallest)) smallest = volume;
    }
    return smallest;
}

VolumePtr bestMatch(const Claim& claim, const std::vector<VolumePtr>& volumes, const MatchOptions& options) {
    using Modes = std::set<std::string>;
    std::map<std::pair<std::size_t, Modes>, std::vector<VolumePtr>> groups;  // the fewest modes first
    for (const auto& volume : volumes) {
        if (!offersAccessModes(*volume, claim)) continue;
        Modes modes(volume->spec.accessModes.begin(), volume->spec.accessModes.end());
        const std::size_t count = modes.size();
        groups[{count, std::move(modes)}].push_back(volume);
    }
    for (const auto& [modes, group] : groups)
        if (auto match = matchAmong(claim, group, options)) return match;
    return nullptr;
}

}  // namespace qd::api::volumes
