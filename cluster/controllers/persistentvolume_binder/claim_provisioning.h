// Making a volume for a claim: by a provisioner of this process, or by waiting for somebody else's.
// Source: https://kubernetes.io/docs/concepts/storage/dynamic-provisioning/.
#pragma once

#include "cluster/api/types/storage_v1.h"
#include "cluster/api/volumes/provisioner.h"
#include "cluster/controllers/persistentvolume_binder/binding_writes.h"
#include "cluster/controllers/volumes/notice.h"
#include "cluster/controllers/volumes/operation_backoff.h"

namespace qd::controllers {

// As often as upstream looks at claims that wait, and says why.
inline constexpr base::Duration kClaimResync = std::chrono::seconds(15);
// Keeps a volume that was made here until its storage is deleted.
inline constexpr char kStorageFinalizer[] = "kubernetes.io/pv-controller";

// The provisioner of a volume that was made here; null: it was not.
api::volumes::Provisioner* madeBy(const api::volumes::Provisioners& provisioners,
                                  const corev1::PersistentVolume& volume);
// The CSI driver that has taken the place of a provisioner that once was part of Kubernetes; the name itself for
// others.
std::string presentName(const std::string& provisioner);

class ClaimProvisioning {
public:
    using ClaimPtr = BindingWrites::ClaimPtr;
    using VolumePtr = BindingWrites::VolumePtr;

    ClaimProvisioning(Context& context, BindingWrites& writes, const api::volumes::Provisioners& provisioners);

    // Makes the volume and binds it, or says what is waited for. Tells in Events how it went.
    Result<Outcome> run(const ClaimPtr& claim);
    void forget(const std::string& claimKey) { m_backoff.forget(claimKey); }

private:
    using StorageClass = storagev1::StorageClass;

    Result<Outcome> waitForOthers(const ClaimPtr& claim, const StorageClass& storageClass);
    Result<Outcome> make(const ClaimPtr& claim, const StorageClass& storageClass, api::volumes::Provisioner& by);
    Result<VolumePtr> provision(const ClaimPtr& claim, const StorageClass& storageClass, api::volumes::Provisioner& by);
    Result<VolumePtr> record(const ClaimPtr& claim, const corev1::PersistentVolume& made,
                             api::volumes::Provisioner& by);
    Result<ClaimPtr> nameProvisioner(const ClaimPtr& claim, const std::string& provisioner);
    // Lets the scheduler choose again.
    void giveBackNode(const ClaimPtr& claim);
    void failed(const corev1::PersistentVolumeClaim& claim, const std::string& message);

    Context& m_context;
    BindingWrites& m_writes;
    const api::volumes::Provisioners& m_provisioners;
    client::Informer& m_classes;
    client::Informer& m_nodes;
    OperationBackoff m_backoff;
};

}  // namespace qd::controllers
