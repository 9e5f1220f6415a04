// Mirrors Endpoints objects that people write for Services without a selector into EndpointSlices, which is all that the nodes'
// proxies read.
#pragma once

#include "cluster/controllers/endpointslice_mirroring/mirror_plan.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

class EndpointSliceMirroringController final : public Controller {
public:
    explicit EndpointSliceMirroringController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    void onEndpoints(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void onService(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void onSlice(const api::ObjectPtr& old, const api::ObjectPtr& now);
    MirrorSlices slicesOf(const std::string& key) const;
    Result<Outcome> removeMirror(const std::string& key);
    Result<Outcome> apply(const std::string& key, const corev1::Endpoints& endpoints, const MirrorPlan& plan);
    Result<void> remove(const std::string& key, const discoveryv1::EndpointSlice& slice);

    Context& m_context;
    client::Informer& m_endpoints;
    client::Informer& m_services;
    client::Informer& m_slices;
    Expectations m_expectations;
};

}  // namespace qd::controllers
