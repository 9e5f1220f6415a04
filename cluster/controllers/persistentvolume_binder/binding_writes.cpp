#include "cluster/controllers/persistentvolume_binder/binding_writes.h"

#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {

BindingWrites::ClaimPtr BindingWrites::claim(const std::string& ns, const std::string& name) {
    return client::as<Claim>(m_claims.newest(ns, name));
}

BindingWrites::VolumePtr BindingWrites::volume(const std::string& name) {
    return client::as<Volume>(m_volumes.newest("", name));
}

Result<BindingWrites::ClaimPtr> BindingWrites::save(const Claim& claim) {
    auto written = client::Api<Claim>(m_context.client).update(claim, controllerWrite());
    if (written) m_claims.wrote(*written);
    return written;
}

Result<BindingWrites::VolumePtr> BindingWrites::save(const Volume& volume) {
    auto written = client::Api<Volume>(m_context.client).update(volume, controllerWrite());
    if (written) m_volumes.wrote(*written);
    return written;
}

Result<BindingWrites::VolumePtr> BindingWrites::create(const Volume& volume) {
    auto written = client::Api<Volume>(m_context.client).create(volume, controllerWrite());
    if (written) m_volumes.wrote(*written);
    return written;
}

Result<BindingWrites::ClaimPtr> BindingWrites::setPhase(const ClaimPtr& claim, const std::string& phase,
                                                        const VolumePtr& volume) {
    auto status = api::volumes::statusIn(*claim, phase, volume.get());
    if (!status) return fail(std::move(status.error()));
    if (!*status) return claim;
    Claim changed = *claim;
    changed.status = std::move(**status);
    auto written = client::Api<Claim>(m_context.client).updateStatus(changed, controllerWrite());
    if (written) m_claims.wrote(*written);
    return written;
}

Result<BindingWrites::VolumePtr> BindingWrites::setPhase(const VolumePtr& volume, const std::string& phase,
                                                         const std::string& message) {
    if (volume->status.phase == phase) return volume;
    Volume changed = *volume;
    changed.status.phase = phase;
    changed.status.message = message;
    auto written = client::Api<Volume>(m_context.client).updateStatus(changed, controllerWrite());
    if (written) m_volumes.wrote(*written);
    return written;
}

Result<void> BindingWrites::bind(const VolumePtr& volume, const ClaimPtr& claim) {
    VolumePtr boundVolume = volume;
    if (const auto changed = api::volumes::tied(*volume, *claim)) {
        auto saved = save(*changed);
        if (!saved) return fail(saved.error().within("saving the volume"));
        boundVolume = *saved;
    }
    auto phased = setPhase(boundVolume, corev1::VolumeBound);
    if (!phased) return fail(phased.error().within("saving the volume status"));
    ClaimPtr boundClaim = claim;
    if (const auto changed = api::volumes::tied(*claim, *volume)) {
        auto saved = save(*changed);
        if (!saved) return fail(saved.error().within("saving the claim"));
        boundClaim = *saved;
    }
    const auto done = setPhase(boundClaim, corev1::ClaimBound, *phased);
    if (!done) return fail(done.error().within("saving the claim status"));
    return {};
}

Result<void> BindingWrites::unbind(const VolumePtr& volume) {
    auto saved = save(api::volumes::untied(*volume));
    if (!saved) return fail(saved.error().within("undoing the binding of the volume"));
    const auto phased = setPhase(*saved, corev1::VolumeAvailable);
    if (!phased) return fail(phased.error().within("saving the volume status"));
    return {};
}

}  // namespace qd::controllers
