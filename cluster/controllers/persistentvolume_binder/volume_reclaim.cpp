#include "cluster/controllers/persistentvolume_binder/volume_reclaim.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cluster/api/types/storage_v1.h"
#include "cluster/api/volumes/attachment_rules.h"
#include "cluster/controllers/persistentvolume_binder/claim_provisioning.h"
#include "cluster/controllers/persistentvolume_binder/volume_recycler.h"
#include "cluster/controllers/runtime/ownership.h"
#include "cluster/controllers/volumes/attachments.h"
#include "cluster/controllers/volumes/claim_pods.h"

namespace qd::controllers {
namespace {

using namespace api::volumes;

constexpr char kRecycleFailed[] = "VolumeFailedRecycle";

bool hasFinalizer(const PersistentVolume& volume) {
    return std::ranges::find(volume.metadata.finalizers, kStorageFinalizer) != volume.metadata.finalizers.end();
}

PersistentVolume withoutFinalizer(const PersistentVolume& volume) {
    PersistentVolume changed = volume;
    std::erase(changed.metadata.finalizers, kStorageFinalizer);
    return changed;
}

}  // namespace

VolumeReclaim::VolumeReclaim(Context& context, BindingWrites& writes, const Provisioners& provisioners)
    : m_context(context),
      m_writes(writes),
      m_provisioners(provisioners),
      m_attachments(context.informers.informer(client::resourceOf<storagev1::VolumeAttachment>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())),
      m_backoff(context.executor.clock()) {
    addVolumeIndex(m_attachments);
    addClaimIndex(m_pods);
}

Result<VolumeReclaim::VolumePtr> VolumeReclaim::keepFinalizer(const VolumePtr& volume) {
    if (!madeBy(m_provisioners, *volume)) return volume;
    const bool wanted = volume->spec.persistentVolumeReclaimPolicy == corev1::PersistentVolumeReclaimDelete;
    if (wanted == hasFinalizer(*volume)) return volume;
    if (!wanted) return m_writes.save(withoutFinalizer(*volume));
    if (volume->metadata.deletionTimestamp) return volume;
    PersistentVolume changed = *volume;
    changed.metadata.finalizers.emplace_back(kStorageFinalizer);
    return m_writes.save(changed);
}

Result<Outcome> VolumeReclaim::run(const VolumePtr& volume) {
    VolumePtr released = volume;
    // A failure stays to be seen while it is tried again.
    if (volume->status.phase != corev1::VolumeFailed) {
        auto written = m_writes.setPhase(volume, corev1::VolumeReleased);
        if (!written) return fail(std::move(written.error()));
        released = *written;
    }
    const std::string& policy = released->spec.persistentVolumeReclaimPolicy;
    if (policy == corev1::PersistentVolumeReclaimRetain) return Outcome{};
    if (policy == corev1::PersistentVolumeReclaimDelete) return remove(released);
    if (policy == corev1::PersistentVolumeReclaimRecycle) return recycle(released);
    return failed(released,
                  {"Warning", "VolumeUnknownReclaimPolicy", "Volume has unrecognized PersistentVolumeReclaimPolicy"});
}

Result<Outcome> VolumeReclaim::failed(const VolumePtr& volume, const Notice& notice) {
    if (volume->status.phase != corev1::VolumeFailed) {
        auto written = m_writes.setPhase(volume, corev1::VolumeFailed, notice.message);
        if (!written) return fail(std::move(written.error()));
        tell(m_context.events, **written, notice);
    }
    return Outcome{m_backoff.failed(volume->metadata.name)};
}

Result<Outcome> VolumeReclaim::stillUsed(const VolumePtr& volume, const std::string& message) {
    tell(m_context.events, *volume, {"Normal", "VolumeDelete", message});
    return Outcome{m_backoff.failed(volume->metadata.name)};
}

std::string VolumeReclaim::attachedTo(const std::string& volume) const {
    const auto attachments = attachmentsOf(m_attachments, volume);
    return attachments.empty() ? std::string() : attachments.front()->spec.nodeName;
}

Result<Outcome> VolumeReclaim::remove(const VolumePtr& volume) {
    if (Provisioner* by = madeBy(m_provisioners, *volume)) return removeStorage(volume, *by);
    const std::string* maker = annotation(*volume, kProvisionedBy);
    const bool othersTask = maker ? !presentName(*maker).starts_with("kubernetes.io/") : volume->spec.csi.has_value();
    if (othersTask) return Outcome{};
    return failed(volume,
                  {"Warning", "VolumeFailedDelete",
                   fmt::format("error getting deleter volume plugin for volume \"{}\": no deletable volume plugin "
                               "matched",
                               volume->metadata.name)});
}

Result<Outcome> VolumeReclaim::removeStorage(const VolumePtr& volume, Provisioner& by) {
    const std::string& name = volume->metadata.name;
    if (const auto wait = m_backoff.wait(name); wait > base::Duration(0)) return Outcome{wait};
    // Data is given up only for the very object that was released.
    client::Api<PersistentVolume> volumes(m_context.client);
    const auto live = volumes.get("", name);
    if (!live) return live.error().reason == Reason::NotFound ? Result<Outcome>(Outcome{}) : fail(live.error());
    if ((*live)->metadata.uid != volume->metadata.uid || (*live)->spec.claimRef != volume->spec.claimRef)
        return fail(Reason::Conflict, "the volume has changed");
    if (const std::string node = attachedTo(name); !node.empty())
        return stillUsed(volume, fmt::format("persistentvolume {} is still attached to node {}", name, node));
    if (const auto removed = by.remove(**live); !removed) {
        if (removed.error().reason == Reason::Conflict) return stillUsed(volume, removed.error().message);
        return failed(volume, {"Warning", "VolumeFailedDelete", removed.error().message});
    }
    m_backoff.forget(name);
    if (hasFinalizer(**live)) {
        if (auto freed = m_writes.save(withoutFinalizer(**live)); !freed && freed.error().reason != Reason::NotFound)
            return fail(freed.error().within("removing the finalizer"));
    }
    client::DeleteOptions options;
    options.uid = volume->metadata.uid;
    const auto gone = volumes.remove("", name, options);
    if (!gone && gone.error().reason != Reason::NotFound) return fail(gone.error().within("deleting the volume"));
    return Outcome{};
}

Result<Outcome> VolumeReclaim::recycle(const VolumePtr& volume) {
    const auto wiper = recyclerPod(*volume);
    if (!wiper) return failed(volume, {"Warning", kRecycleFailed, "No recycler plugin found for the volume!"});
    const auto& reference = *volume->spec.claimRef;
    std::vector<std::string> users;
    for (const auto& pod : podsUsing(m_pods, reference.namespace_ + "/" + reference.name))
        if (!isTerminated(*pod)) users.push_back(keyOf(*pod));
    // A claim of that name that is there is another one, with Pods of its own.
    if (!users.empty() && !m_writes.claim(reference.namespace_, reference.name)) {
        tell(m_context.events, *volume,
             {"Normal", kRecycleFailed, fmt::format("Volume is used by pods: {}", fmt::join(users, ","))});
        return Outcome{kClaimResync};
    }
    return wipe(volume, *wiper);
}

Result<Outcome> VolumeReclaim::wipe(const VolumePtr& volume, const corev1::Pod& wiper) {
    const std::string& name = volume->metadata.name;
    client::Api<corev1::Pod> pods(m_context.client);
    const auto running = client::Lister<corev1::Pod>(m_pods).get(wiper.metadata.namespace_, wiper.metadata.name);
    if (!running) {
        if (const auto wait = m_backoff.wait(name); wait > base::Duration(0)) return Outcome{wait};
        const auto created = pods.create(wiper, controllerWrite());
        if (!created && created.error().reason != Reason::AlreadyExists)
            return fail(created.error().within("recycling"));
        return Outcome{kClaimResync};
    }
    const RecyclingState state = stateOf(*running);
    if (state.what == Recycling::UnderWay) return Outcome{kClaimResync};
    client::DeleteOptions options;
    options.uid = running->metadata.uid;
    const auto gone = pods.remove(running->metadata.namespace_, running->metadata.name, options);
    if (!gone && gone.error().reason != Reason::NotFound) return fail(gone.error().within("deleting the recycler"));
    if (state.what == Recycling::Failed)
        return failed(volume, {"Warning", kRecycleFailed, "Recycle failed: " + state.message});
    m_backoff.forget(name);
    tell(m_context.events, *volume, {"Normal", "VolumeRecycled", "Volume recycled"});
    if (auto free = m_writes.unbind(volume); !free) return fail(std::move(free.error()));
    return Outcome{};
}

}  // namespace qd::controllers
