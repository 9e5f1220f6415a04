// The binder's writes of claims and volumes, each of which the next sync sees at once. Writes that would change nothing
// are left out; all carry the state that they were decided from, so that somebody else's change is never lost.
#pragma once

#include "cluster/api/volumes/volume_match.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/volumes/own_writes.h"

namespace qd::controllers {

class BindingWrites {
public:
    using Claim = corev1::PersistentVolumeClaim;
    using Volume = corev1::PersistentVolume;
    using ClaimPtr = client::Ptr<Claim>;
    using VolumePtr = client::Ptr<Volume>;

    BindingWrites(Context& context, client::Informer& claims, client::Informer& volumes)
        : m_context(context), m_claims(claims), m_volumes(volumes) {}

    ClaimPtr claim(const std::string& ns, const std::string& name);
    VolumePtr volume(const std::string& name);

    Result<ClaimPtr> save(const Claim& claim);
    Result<VolumePtr> save(const Volume& volume);
    Result<VolumePtr> create(const Volume& volume);
    // With what the volume (if any) gives the claim.
    Result<ClaimPtr> setPhase(const ClaimPtr& claim, const std::string& phase, const VolumePtr& volume);
    Result<VolumePtr> setPhase(const VolumePtr& volume, const std::string& phase, const std::string& message = "");
    // Both sides and both phases, the volume first.
    Result<void> bind(const VolumePtr& volume, const ClaimPtr& claim);
    Result<void> unbind(const VolumePtr& volume);

private:
    Context& m_context;
    OwnWrites m_claims;
    OwnWrites m_volumes;
};

}  // namespace qd::controllers
