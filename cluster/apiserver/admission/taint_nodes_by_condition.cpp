#include <algorithm>

#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

const std::string kNotReady = "node.kubernetes.io/not-ready";
const std::string kNoSchedule = "NoSchedule";

// No Pod is to be scheduled between a node's creation and its first report; the node life-cycle controller takes the
// taint away.
class TaintNodesByCondition final : public AdmissionPlugin {
public:
    const char* name() const override { return "TaintNodesByCondition"; }
    Result<void> mutate(AdmissionRequest& request, const Reader&) const override {
        auto* node = request.operation == Operation::Create ? itself<corev1::Node>(request) : nullptr;
        if (!node) return {};
        auto& taints = node->spec.taints;
        const bool there = std::any_of(taints.begin(), taints.end(), [](const corev1::Taint& taint) {
            return taint.key == kNotReady && taint.effect == kNoSchedule;
        });
        if (there) return {};
        corev1::Taint taint;
        taint.key = kNotReady;
        taint.effect = kNoSchedule;
        taints.push_back(std::move(taint));
        return {};
    }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> taintNodesByCondition() {
    return std::make_unique<TaintNodesByCondition>();
}

}  // namespace qd::apiserver
