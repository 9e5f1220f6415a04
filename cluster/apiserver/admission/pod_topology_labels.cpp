#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

constexpr const char* kLabels[] = {"topology.kubernetes.io/zone", "topology.kubernetes.io/region"};

// A Pod gets them when it is bound, and when it is made on a node.
class PodTopologyLabels final : public AdmissionPlugin {
public:
    const char* name() const override { return "PodTopologyLabels"; }
    Result<void> mutate(AdmissionRequest& request, const Reader& reader) const override {
        const bool concerns =
            request.subresource == "binding" || (request.subresource.empty() && request.operation == Operation::Create);
        auto* pod = concerns && request.object ? api::objectAs<corev1::Pod>(*request.object) : nullptr;
        if (!pod || pod->spec.nodeName.empty()) return {};
        const auto node = reader.get("nodes", "", pod->spec.nodeName);
        if (!node) return {};
        for (const char* key : kLabels) {
            const auto found = node->metadata.labels.find(key);
            if (found != node->metadata.labels.end()) pod->metadata.labels[key] = found->second;
        }
        return {};
    }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> podTopologyLabels() {
    return std::make_unique<PodTopologyLabels>();
}

}  // namespace qd::apiserver
