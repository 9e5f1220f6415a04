#include <algorithm>

#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

constexpr std::int64_t kSeconds = 300;
const std::string kNoExecute = "NoExecute";

void tolerateFor(std::vector<corev1::Toleration>& tolerations, const std::vector<corev1::Toleration>& given,
                 const char* taint) {
    const bool covered = std::any_of(given.begin(), given.end(), [&](const corev1::Toleration& each) {
        return (each.key.empty() || each.key == taint) && (each.effect.empty() || each.effect == kNoExecute);
    });
    if (covered) return;
    corev1::Toleration added;
    added.key = taint;
    added.operator_ = "Exists";
    added.effect = kNoExecute;
    added.tolerationSeconds = kSeconds;
    tolerations.push_back(std::move(added));
}

class DefaultTolerationSeconds final : public AdmissionPlugin {
public:
    const char* name() const override { return "DefaultTolerationSeconds"; }
    Result<void> mutate(AdmissionRequest& request, const Reader&) const override {
        auto* pod = itself<corev1::Pod>(request);
        if (!pod) return {};
        const std::vector<corev1::Toleration> given = pod->spec.tolerations;
        tolerateFor(pod->spec.tolerations, given, "node.kubernetes.io/not-ready");
        tolerateFor(pod->spec.tolerations, given, "node.kubernetes.io/unreachable");
        return {};
    }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> defaultTolerationSeconds() {
    return std::make_unique<DefaultTolerationSeconds>();
}

}  // namespace qd::apiserver
