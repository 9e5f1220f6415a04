#include "cluster/controllers/ephemeral_volume/ephemeral_volume_controller.h"

#include <algorithm>

#include "cluster/api/volumes/attachment_rules.h"
#include "cluster/controllers/runtime/ownership.h"
#include "cluster/controllers/volumes/claim_pods.h"

namespace qd::controllers {

corev1::PersistentVolumeClaim ephemeralClaim(const corev1::Pod& pod, const corev1::Volume& volume) {
    corev1::PersistentVolumeClaim claim;
    claim.metadata.namespace_ = pod.metadata.namespace_;
    claim.metadata.name = api::volumes::claimName(pod, volume);
    claim.metadata.ownerReferences.push_back(controllerReference(pod));
    if (const auto& made = volume.ephemeral->volumeClaimTemplate) {
        claim.metadata.annotations = made->metadata.annotations;
        claim.metadata.labels = made->metadata.labels;
        claim.spec = made->spec;
    }
    return claim;
}

EphemeralVolumeController::EphemeralVolumeController(Context& context)
    : m_context(context),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())),
      m_claims(context.informers.informer(client::resourceOf<corev1::PersistentVolumeClaim>())) {
    addClaimIndex(m_pods);
    m_pods.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (now && (!old || old->metadata.uid != now->metadata.uid)) podSeen(static_cast<const corev1::Pod&>(*now));
    });
    // Deleted under its Pod's hands: it is made again.
    m_claims.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (now) return;
        for (const auto& pod : podsUsing(m_pods, keyOf(*old))) podSeen(*pod);
    });
}

void EphemeralVolumeController::podSeen(const corev1::Pod& pod) {
    if (pod.metadata.deletionTimestamp) return;
    const auto isEphemeral = [](const corev1::Volume& volume) { return volume.ephemeral.has_value(); };
    if (std::ranges::any_of(pod.spec.volumes, isEphemeral)) m_context.keys.add(keyOf(pod), pod);
}

Result<Outcome> EphemeralVolumeController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto pod = client::Lister<corev1::Pod>(m_pods).get(ns, name);
    if (!pod || pod->metadata.deletionTimestamp) return Outcome{};
    for (const auto& volume : pod->spec.volumes) {
        if (!volume.ephemeral) continue;
        if (auto provided = provide(*pod, volume); !provided) {
            const std::string what = "ephemeral volume " + volume.name + ": " + provided.error().message;
            m_context.events.event(*pod, "Warning", "FailedBinding", what);
            return fail(provided.error().reason, what);
        }
    }
    return Outcome{};
}

Result<void> EphemeralVolumeController::provide(const corev1::Pod& pod, const corev1::Volume& volume) {
    const auto wanted = ephemeralClaim(pod, volume);
    client::Api<corev1::PersistentVolumeClaim> claims(m_context.client);
    auto known =
        client::Lister<corev1::PersistentVolumeClaim>(m_claims).get(pod.metadata.namespace_, wanted.metadata.name);
    if (!known) {
        const auto created = claims.create(wanted, controllerWrite());
        if (created) return {};
        if (created.error().reason != Reason::AlreadyExists)
            return fail(created.error().within("create PVC " + wanted.metadata.name));
        const auto found = claims.get(pod.metadata.namespace_, wanted.metadata.name);
        if (!found) return fail(found.error().within("create PVC " + wanted.metadata.name));
        known = *found;
    }
    if (const auto why = api::volumes::notOwned(*known, pod)) return fail(Reason::Conflict, *why);
    return {};
}

}  // namespace qd::controllers
