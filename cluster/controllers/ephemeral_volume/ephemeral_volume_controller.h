// Makes the claims of Pods' generic ephemeral volumes. They belong to their Pods and go with them.
// Source: https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#generic-ephemeral-volumes.
#pragma once

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

// The claim of a Pod's ephemeral volume.
corev1::PersistentVolumeClaim ephemeralClaim(const corev1::Pod& pod, const corev1::Volume& volume);

class EphemeralVolumeController final : public Controller {
public:
    explicit EphemeralVolumeController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    void podSeen(const corev1::Pod& pod);
    Result<void> provide(const corev1::Pod& pod, const corev1::Volume& volume);

    Context& m_context;
    client::Informer& m_pods;
    client::Informer& m_claims;
};

}  // namespace qd::controllers
