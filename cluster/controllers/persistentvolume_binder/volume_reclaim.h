// What becomes of a volume whose claim is gone: kept, deleted or wiped, by its reclaim policy.
// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming.
#pragma once

#include "cluster/api/volumes/provisioner.h"
#include "cluster/controllers/persistentvolume_binder/binding_writes.h"
#include "cluster/controllers/volumes/notice.h"
#include "cluster/controllers/volumes/operation_backoff.h"

namespace qd::controllers {

class VolumeReclaim {
public:
    using VolumePtr = BindingWrites::VolumePtr;

    VolumeReclaim(Context& context, BindingWrites& writes, const api::volumes::Provisioners& provisioners);

    // Marks the volume as released, then does what its policy says.
    Result<Outcome> run(const VolumePtr& volume);
    // Whoever was made here and is to be deleted in the end is kept for that by a finalizer. The volume as it is then.
    Result<VolumePtr> keepFinalizer(const VolumePtr& volume);
    void forget(const std::string& name) { m_backoff.forget(name); }

private:
    Result<Outcome> remove(const VolumePtr& volume);
    Result<Outcome> removeStorage(const VolumePtr& volume, api::volumes::Provisioner& by);
    Result<Outcome> recycle(const VolumePtr& volume);
    Result<Outcome> wipe(const VolumePtr& volume, const corev1::Pod& wiper);
    Result<Outcome> failed(const VolumePtr& volume, const Notice& notice);
    Result<Outcome> stillUsed(const VolumePtr& volume, const std::string& message);
    std::string attachedTo(const std::string& volume) const;

    Context& m_context;
    BindingWrites& m_writes;
    const api::volumes::Provisioners& m_provisioners;
    client::Informer& m_attachments;
    client::Informer& m_pods;
    OperationBackoff m_backoff;
};

}  // namespace qd::controllers
