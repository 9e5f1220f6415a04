// What upstream's strategies take from a request itself: who asks for a certificate, when a condition or a phase came
// about.
#pragma once

#include "cluster/apiserver/admission/admission.h"
#include "cluster/base/time.h"

namespace qd::apiserver {

// No field manager owns what it fills in.
class RequestFacts final : public AdmissionPlugin {
public:
    explicit RequestFacts(const base::Clock& clock) : m_clock(clock) {}
    const char* name() const override { return "RequestFacts"; }
    Result<void> allocate(AdmissionRequest& request, const Reader& reader) const override;

private:
    const base::Clock& m_clock;
};

}  // namespace qd::apiserver
