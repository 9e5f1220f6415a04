// Empties namespaces that are being deleted, then lets them go.
//
// Pods go before everything else, so that what they use (network policies among it) outlives them (KEP-5080).
#pragma once

#include "cluster/controllers/namespaces/namespace_conditions.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/resources.h"

namespace qd::controllers {

class NamespaceController final : public Controller {
public:
    NamespaceController(Context& context, ResourceList resources);
    Result<Outcome> sync(const std::string& key) override;

private:
    using Namespace = client::Ptr<corev1::Namespace>;

    // How many seconds it may take until what was deleted here is gone; 0 when nothing is left or nothing is known.
    std::int64_t empty(const Resource& resource, const corev1::Namespace& ns, NamespaceRemains& remains);
    std::int64_t emptyAll(const corev1::Namespace& ns, NamespaceRemains& remains, bool& beforeOthers);
    std::int64_t longestGrace(const corev1::Namespace& ns);
    Result<Namespace> writeStatus(const corev1::Namespace& ns);
    Result<Outcome> finalize(const corev1::Namespace& ns);

    Context& m_context;
    const ResourceList m_resources;
    client::Informer& m_namespaces;
    client::Informer& m_pods;
};

}  // namespace qd::controllers
