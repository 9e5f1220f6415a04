#include "cluster/controllers/persistentvolume_binder/volume_recycler.h"

#include <algorithm>

#include "cluster/api/volumes/claim_rules.h"

namespace qd::controllers {
namespace {

constexpr char kNamespace[] = "default";
constexpr std::string_view kPrefix = "recycler-for-";
constexpr char kImage[] = "registry.k8s.io/build-image/debian-base:bookworm-v1.0.6";
constexpr char kScript[] = "test -e /scrub && find /scrub -mindepth 1 -delete && test -z \"$(ls -A /scrub)\" || exit 1";
constexpr std::int64_t kGiB = 1 << 30;

// At least so long, and so much longer for each GiB.
std::int64_t deadline(const corev1::PersistentVolume& volume, std::int64_t least) {
    constexpr std::int64_t kPerGiB = 30;
    return std::max(least, kPerGiB * (api::volumes::sizeOf(volume).value() / kGiB));
}

}  // namespace

std::optional<corev1::Pod> recyclerPod(const corev1::PersistentVolume& volume) {
    corev1::Pod pod;
    pod.metadata.namespace_ = kNamespace;
    pod.metadata.name = std::string(kPrefix) + volume.metadata.name;
    auto& source = pod.spec.volumes.emplace_back();
    source.name = "vol";
    if (volume.spec.hostPath) {
        source.hostPath.emplace().path = volume.spec.hostPath->path;
        pod.spec.activeDeadlineSeconds = deadline(volume, 60);
    } else if (volume.spec.nfs) {
        source.nfs = volume.spec.nfs;
        pod.spec.activeDeadlineSeconds = deadline(volume, 300);
    } else {
        return std::nullopt;
    }
    pod.spec.restartPolicy = corev1::RestartPolicyNever;
    auto& container = pod.spec.containers.emplace_back();
    container.name = "pv-recycler";
    container.image = kImage;
    container.command = {"/bin/sh"};
    container.args = {"-c", kScript};
    auto& mount = container.volumeMounts.emplace_back();
    mount.name = "vol";
    mount.mountPath = "/scrub";
    return pod;
}

std::string recycledBy(const corev1::Pod& pod) {
    const std::string& name = pod.metadata.name;
    if (pod.metadata.namespace_ != kNamespace || !name.starts_with(kPrefix)) return {};
    return name.substr(kPrefix.size());
}

RecyclingState stateOf(const corev1::Pod& recycler) {
    if (recycler.status.phase == corev1::PodSucceeded) return {.what = Recycling::Done};
    if (recycler.status.phase != corev1::PodFailed) return {};
    const std::string& why = recycler.status.message;
    return {.what = Recycling::Failed, .message = why.empty() ? "pod failed, pod.Status.Message unknown" : why};
}

}  // namespace qd::controllers
