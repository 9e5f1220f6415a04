#include "cluster/controllers/persistentvolume_binder/binding_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qd::controllers {
namespace {

using namespace api::volumes;
using Do = ClaimStep::Do;

ClaimStep lost(const Claim& claim, const char* reason, const char* message) {
    ClaimStep step{.what = Do::Lose};
    // Told once.
    if (claim.status.phase != corev1::ClaimLost) step.notice = Notice{"Warning", reason, message};
    return step;
}

ClaimStep pending(Notice notice) {
    return {.what = Do::KeepPending, .notice = std::move(notice)};
}

Notice waiting(const std::vector<std::string>& pods) {
    if (pods.empty())
        return {"Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding"};
    return {"Normal", "WaitForPodScheduled",
            fmt::format("waiting for {} {} to be scheduled", pods.size() == 1 ? "pod" : "pods", fmt::join(pods, ","))};
}

ClaimStep planUnnamed(const ClaimSight& sight) {
    const Claim& claim = sight.claim;
    if (sight.match) return {.what = Do::Bind, .volume = sight.match};
    if (!hasClass(claim) && !sight.defaultClass.empty()) return {.what = Do::AssignClass};
    if (sight.delayed && !annotation(claim, kSelectedNode)) return pending(waiting(sight.waitingPods));
    if (!className(claim).empty()) return {.what = Do::Provision};
    return pending(
        {"Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set"});
}

ClaimStep planNamed(const ClaimSight& sight) {
    const Claim& claim = sight.claim;
    if (!sight.named) return {.what = Do::KeepPending};
    const PersistentVolume& volume = *sight.named;
    if (!volume.spec.claimRef) {
        if (const auto why = mismatch(volume, claim)) {
            return pending({"Warning", "VolumeMismatch",
                            fmt::format("Cannot bind to requested volume \"{}\": {}", volume.metadata.name, *why)});
        }
        return {.what = Do::Bind, .volume = sight.named};
    }
    if (isBoundTo(volume, claim)) return {.what = Do::Bind, .volume = sight.named};
    ClaimStep step = pending({"Warning", "FailedBinding",
                              fmt::format("volume \"{}\" already bound to a different claim.", volume.metadata.name)});
    if (annotation(claim, kBoundByController)) {
        step.what = Do::Refuse;
        step.problem =
            fmt::format("invalid binding of claim \"{}/{}\" to volume \"{}\": volume already claimed by \"{}/{}\"",
                        claim.metadata.namespace_, claim.metadata.name, volume.metadata.name,
                        volume.spec.claimRef->namespace_, volume.spec.claimRef->name);
    }
    return step;
}

ClaimStep planBound(const ClaimSight& sight) {
    const Claim& claim = sight.claim;
    if (claim.spec.volumeName.empty()) {
        return lost(claim, "ClaimLost",
                    "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");
    }
    if (!sight.named)
        return lost(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
    const auto& reference = sight.named->spec.claimRef;
    if (reference && reference->uid != claim.metadata.uid) {
        return lost(claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
    }
    return {.what = Do::Bind, .volume = sight.named};
}

}  // namespace

ClaimStep planClaim(const ClaimSight& sight) {
    if (annotation(sight.claim, kBindCompleted)) return planBound(sight);
    return sight.claim.spec.volumeName.empty() ? planUnnamed(sight) : planNamed(sight);
}

VolumeStep planVolume(const VolumeSight& sight) {
    using Step = VolumeStep::Do;
    const PersistentVolume& volume = sight.volume;
    const auto& reference = volume.spec.claimRef;
    if (!reference || reference->uid.empty()) return {.what = Step::BeAvailable};  // unused, or reserved
    if (!sight.claim) return {.what = Step::Reclaim};
    const Claim& claim = *sight.claim;
    if (claim.spec.volumeName == volume.metadata.name) return {.what = Step::BeBound};
    if (claim.spec.volumeName.empty()) {
        if (sameVolumeMode(volume, claim)) return {.what = Step::WakeClaim};
        // The claim would never choose it.
        return {
            .what = Step::Nothing,
            .notice =
                Notice{"Warning", "VolumeMismatch",
                       fmt::format("Cannot bind PersistentVolume to requested PersistentVolumeClaim \"{}\" due to "
                                   "incompatible volumeMode.",
                                   claim.metadata.name)},
            .claimNotice = Notice{"Warning", "VolumeMismatch",
                                  fmt::format("Cannot bind PersistentVolume \"{}\" to requested PersistentVolumeClaim "
                                              "due to incompatible volumeMode.",
                                              volume.metadata.name)}};
    }
    // Made for a claim that was served by another meanwhile: nobody needs it.
    const bool madeForIt = annotation(volume, kProvisionedBy) &&
                           volume.spec.persistentVolumeReclaimPolicy == corev1::PersistentVolumeReclaimDelete;
    return {.what = madeForIt ? Step::Reclaim : Step::Unbind};
}

}  // namespace qd::controllers
