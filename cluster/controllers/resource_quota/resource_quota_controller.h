// Measures what a namespace uses of its ResourceQuotas: when a quota changes, when something is deleted or shrinks, and every few
// minutes. Admission charges what is added, this controller finds what is given back.
// Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/.
#pragma once

#include <map>
#include <string>

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/resources.h"

namespace qd::controllers {

class ResourceQuotaController final : public Controller {
public:
    ResourceQuotaController(Context& context, ResourceList resources);
    Result<Outcome> sync(const std::string& key) override;

private:
    void onQuota(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void onObject(const std::string& groupResource, const api::ObjectPtr& old, const api::ObjectPtr& now);
    // What is used of those names of the quota that can be measured.
    Result<api::Map<api::Quantity>> measure(const corev1::ResourceQuota& quota);

    Context& m_context;
    ResourceList m_resources;
    client::Informer& m_quotas;
};

}  // namespace qd::controllers
