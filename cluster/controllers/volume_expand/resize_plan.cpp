#include "cluster/controllers/volume_expand/resize_plan.h"

namespace qd::controllers {
namespace {

using namespace api::volumes;
using Do = ResizeStep::Do;

bool isDone(const Claim& claim, const PersistentVolume& volume) {
    return presentSize(claim) >= requestedSize(claim) && presentSize(claim) >= sizeOf(volume);
}

// The size that was begun, where one was.
api::Quantity sizeToReach(const Claim& claim) {
    const api::Quantity begun = sizeBegun(claim);
    return begun.isZero() ? requestedSize(claim) : begun;
}

}  // namespace

ResizeStep planResize(const Claim& claim, const PersistentVolume& volume) {
    const bool remembers = annotation(volume, kPreResizeCapacity) != nullptr;
    if (requestedSize(claim) <= presentSize(claim) && !remembers) return {};
    if (remembers && isDone(claim, volume)) return {.what = Do::Settle};
    const std::string stage = resizeStage(claim);
    const bool onNode = stage == corev1::PersistentVolumeClaimNodeResizePending ||
                        stage == corev1::PersistentVolumeClaimNodeResizeInProgress;
    const bool nodeGaveUp = stage == corev1::PersistentVolumeClaimNodeResizeInfeasible;
    const bool begun = stage == corev1::PersistentVolumeClaimControllerResizeInProgress;
    const bool gaveUp = stage == corev1::PersistentVolumeClaimControllerResizeInfeasible;
    if (sizeOf(volume) < requestedSize(claim)) {
        // What was found to be impossible may be asked for anew, smaller.
        const bool goOn = begun || onNode || nodeGaveUp;
        return {.what = Do::Expand, .size = goOn ? sizeToReach(claim) : requestedSize(claim)};
    }
    if (onNode) return {};
    if (nodeGaveUp) return {.what = Do::AskNode};
    const bool resume = begun || gaveUp || stage.empty();
    return {.what = Do::Expand, .size = resume ? sizeToReach(claim) : requestedSize(claim)};
}

}  // namespace qd::controllers
