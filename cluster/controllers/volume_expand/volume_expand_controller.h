// Makes volumes larger when their claims ask for more: by the provisioner that made them, or by waiting for somebody
// else.
#pragma once

#include "cluster/api/volumes/provisioner.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/volume_expand/resize_plan.h"
#include "cluster/controllers/volumes/operation_backoff.h"

namespace qd::controllers {

class VolumeExpandController final : public Controller {
public:
    VolumeExpandController(Context& context, api::volumes::Provisioners provisioners);
    Result<Outcome> sync(const std::string& key) override;

private:
    using Claim = corev1::PersistentVolumeClaim;
    using Volume = corev1::PersistentVolume;

    void claimChanged(const api::ObjectPtr& old, const api::ObjectPtr& now);
    // By its driver: a volume that a person wrote down is expanded too.
    api::volumes::Provisioners::const_iterator expanderOf(const Volume& volume) const;
    Result<void> run(const ResizeStep& step, const Claim& claim, const Volume& volume);
    Result<void> expand(const ResizeStep& step, const Claim& claim, const Volume& volume);
    Result<client::Ptr<Claim>> saveStatus(const Claim& claim, corev1::PersistentVolumeClaimStatus status,
                                          const std::string& resizer = "");

    Context& m_context;
    const api::volumes::Provisioners m_provisioners;
    client::Informer& m_claims;
    client::Informer& m_volumes;
    OperationBackoff m_backoff;
};

}  // namespace qd::controllers
