#include "cluster/api/types/networking_v1.h"
#include "cluster/apiserver/admission/default_class.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

class DefaultIngressClass final : public AdmissionPlugin {
public:
    const char* name() const override { return "DefaultIngressClass"; }
    Result<void> mutate(AdmissionRequest& request, const Reader& reader) const override {
        auto* ingress = request.operation == Operation::Create ? itself<networkingv1::Ingress>(request) : nullptr;
        if (!ingress || ingress->spec.ingressClassName ||
            ingress->metadata.annotations.contains("kubernetes.io/ingress.class"))
            return {};
        const auto chosen = newestMarked(reader.list("ingressclasses.networking.k8s.io", ""),
                                         {"ingressclass.kubernetes.io/is-default-class"});
        if (chosen) ingress->spec.ingressClassName = chosen->metadata.name;
        return {};
    }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> defaultIngressClass() {
    return std::make_unique<DefaultIngressClass>();
}

}  // namespace qd::apiserver
