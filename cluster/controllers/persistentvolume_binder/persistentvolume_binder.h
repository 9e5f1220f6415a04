// Binds claims to volumes, has volumes made for claims that find none, and reclaims volumes whose claims are gone.
//
// Its keys are of two kinds: "namespace/name" is a claim, "name" a volume.
#pragma once

#include "cluster/controllers/persistentvolume_binder/binding_plan.h"
#include "cluster/controllers/persistentvolume_binder/binding_writes.h"
#include "cluster/controllers/persistentvolume_binder/claim_provisioning.h"
#include "cluster/controllers/persistentvolume_binder/volume_reclaim.h"

namespace qd::controllers {

class PersistentVolumeBinder final : public Controller {
public:
    PersistentVolumeBinder(Context& context, api::volumes::Provisioners provisioners);
    Result<Outcome> sync(const std::string& key) override;

private:
    using Claim = corev1::PersistentVolumeClaim;
    using PersistentVolume = corev1::PersistentVolume;
    using ClaimPtr = BindingWrites::ClaimPtr;

    void claimChanged(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void volumeChanged(const api::ObjectPtr& old, const api::ObjectPtr& now);
    // Claims without a volume, of a class: something has come that may serve them.
    void wakeUnbound(const std::string& className, std::uint64_t cause);

    Result<Outcome> syncClaim(const ClaimPtr& claim);
    Result<ClaimSight> look(const ClaimPtr& claim);
    std::vector<VolumePtr> candidates(const Claim& claim);
    Result<VolumePtr> named(const Claim& claim);
    bool isDelayed(const Claim& claim) const;
    std::string defaultClass() const;
    std::vector<std::string> waitingPods(const Claim& claim) const;

    Result<Outcome> syncVolume(const VolumePtr& volume);
    // The claim that the volume's claimRef means, if there is one by name and uid.
    Result<ClaimPtr> claimOf(const PersistentVolume& volume);

    Context& m_context;
    const api::volumes::Provisioners m_provisioners;
    client::Informer& m_claims;
    client::Informer& m_volumes;
    client::Informer& m_classes;
    client::Informer& m_pods;
    client::Informer& m_attachments;
    BindingWrites m_writes;
    ClaimProvisioning m_provisioning;
    VolumeReclaim m_reclaim;
};

}  // namespace qd::controllers
