#include "cluster/apiserver/admission/request_facts.h"

#include <algorithm>

#include "cluster/api/types/certificates_v1.h"
#include "cluster/api/types/core_v1.h"

namespace qd::apiserver {
namespace {

using certificatesv1::CertificateSigningRequest;
using corev1::PersistentVolume;

// Whatever the client says of itself: signers believe these fields.
void setRequestor(CertificateSigningRequest& csr, const User& user) {
    csr.spec.username = user.name;
    csr.spec.uid = user.uid;
    csr.spec.groups = user.groups;
    csr.spec.extra.clear();
    for (const auto& [key, values] : user.extra) csr.spec.extra[key].assign(values.begin(), values.end());
}

// A condition that keeps its status keeps the time at which it came to it.
void setConditionTimes(CertificateSigningRequest& now, const CertificateSigningRequest& old, const api::Time& time) {
    for (auto& condition : now.status.conditions) {
        if (condition.lastUpdateTime.isZero()) condition.lastUpdateTime = time;
        if (!condition.lastTransitionTime.isZero()) continue;
        const auto& before = old.status.conditions;
        const auto same = std::find_if(before.begin(), before.end(), [&](const auto& each) {
            return each.type == condition.type && each.status == condition.status && !each.lastTransitionTime.isZero();
        });
        condition.lastTransitionTime = same == before.end() ? time : same->lastTransitionTime;
    }
}

void setPhaseTime(PersistentVolume& now, const PersistentVolume& old, const api::Time& time) {
    auto& since = now.status.lastPhaseTransitionTime;
    if (now.status.phase == old.status.phase) {
        if (!since) since = old.status.lastPhaseTransitionTime;
    } else if (!since || since == old.status.lastPhaseTransitionTime) {
        since = time;
    }
}

}  // namespace

Result<void> RequestFacts::allocate(AdmissionRequest& request, const Reader&) const {
    if (!request.object) return {};
    auto* csr = api::objectAs<CertificateSigningRequest>(*request.object);
    auto* volume = api::objectAs<PersistentVolume>(*request.object);
    if (!csr && !volume) return {};
    if (csr && request.operation == Operation::Create) setRequestor(*csr, request.user);
    if (request.operation != Operation::Update || !request.old || request.subresource.empty()) return {};
    const api::Time now(m_clock.now());
    if (csr) setConditionTimes(*csr, static_cast<const CertificateSigningRequest&>(*request.old), now);
    if (volume) setPhaseTime(*volume, static_cast<const PersistentVolume&>(*request.old), now);
    return {};
}

}  // namespace qd::apiserver
