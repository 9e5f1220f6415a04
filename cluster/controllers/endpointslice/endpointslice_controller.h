// Keeps the EndpointSlices of each Service that selects Pods.
#pragma once

#include "cluster/controllers/endpointslice/slice_plan.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

class EndpointSliceController final : public Controller {
public:
    explicit EndpointSliceController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    void onSlice(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void onNode(const api::ObjectPtr& old, const api::ObjectPtr& now);
    Slices slicesOf(const corev1::Service& service) const;
    Result<void> apply(const std::string& key, const corev1::Service& service, SlicePlan plan, api::Time triggered);

    Context& m_context;
    client::Informer& m_services;
    client::Informer& m_pods;
    client::Informer& m_nodes;
    client::Informer& m_slices;
    TriggerTimes m_times;
    Expectations m_expectations;
};

}  // namespace qd::controllers
