#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/compare.h"
#include "cluster/api/field/path.h"
#include "cluster/api/type_of.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/node_v1.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

using corev1::Toleration;
using ClassPtr = std::shared_ptr<const nodev1::RuntimeClass>;

class RuntimeClassPlugin final : public AdmissionPlugin {
public:
    const char* name() const override { return "RuntimeClass"; }
    Result<void> mutate(AdmissionRequest& request, const Reader& reader) const override;
    Result<void> validate(const AdmissionRequest& request, const Reader& reader) const override;
};

Result<ClassPtr> classOf(const AdmissionRequest& request, const corev1::Pod& pod, const Reader& reader) {
    if (!pod.spec.runtimeClassName) return ClassPtr();
    auto found =
        api::objectAs<nodev1::RuntimeClass>(reader.get("runtimeclasses.node.k8s.io", "", *pod.spec.runtimeClassName));
    if (!found)
        return fail(forbidden(request, fmt::format("pod rejected: RuntimeClass {} not found",
                                                   api::field::Shown(*pod.spec.runtimeClassName).text())));
    return found;
}

bool sameOverhead(const api::Map<api::Quantity>& a, const api::Map<api::Quantity>& b) {
    return api::equal(api::typeOf<api::Map<api::Quantity>>(), &a, &b);
}

Error overheadDiffers(const AdmissionRequest& request) {
    return forbidden(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

// Whether `wide` tolerates all that `t` does.
bool covers(const Toleration& wide, const Toleration& t) {
    if (t == wide) return true;
    if (t.key != wide.key && (!wide.key.empty() || wide.operator_ != "Exists")) return false;
    if (t.effect != wide.effect && !wide.effect.empty()) return false;
    if (wide.effect == "NoExecute" && wide.tolerationSeconds &&
        (!t.tolerationSeconds || *t.tolerationSeconds > *wide.tolerationSeconds))
        return false;
    if (wide.operator_ == "Exists") return true;
    return (wide.operator_.empty() || wide.operator_ == "Equal") && t.operator_ == "Equal" && t.value == wide.value;
}

// Without those that another one covers; of equal ones the first stays.
std::vector<Toleration> merged(const std::vector<Toleration>& first, const std::vector<Toleration>& second) {
    std::vector<Toleration> all = first;
    all.insert(all.end(), second.begin(), second.end());
    std::vector<Toleration> kept;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto isCovered = [&](const Toleration& other) { return covers(other, all[i]); };
        if (std::any_of(kept.begin(), kept.end(), isCovered)) continue;
        const bool laterCovers =
            std::any_of(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end(),
                        [&](const Toleration& other) { return !(other == all[i]) && covers(other, all[i]); });
        if (!laterCovers) kept.push_back(all[i]);
    }
    return kept;
}

Result<void> setScheduling(const AdmissionRequest& request, corev1::Pod& pod, const nodev1::Scheduling& scheduling) {
    for (const auto& [key, value] : scheduling.nodeSelector) {
        const auto [at, added] = pod.spec.nodeSelector.try_emplace(key, value);
        if (!added && at->second != value) {
            return fail(forbidden(
                request,
                fmt::format("conflict: runtimeClass.scheduling.nodeSelector[{}] = {}; pod.spec.nodeSelector[{}] = {}",
                            key, value, key, at->second)));
        }
    }
    pod.spec.tolerations = merged(pod.spec.tolerations, scheduling.tolerations);
    return {};
}

Result<void> RuntimeClassPlugin::mutate(AdmissionRequest& request, const Reader& reader) const {
    auto* pod = request.operation == Operation::Create ? itself<corev1::Pod>(request) : nullptr;
    if (!pod) return {};
    const auto found = classOf(request, *pod, reader);
    if (!found) return fail(found.error());
    if (!*found) return {};
    const nodev1::RuntimeClass& chosen = **found;
    if (chosen.overhead) {
        if (!pod->spec.overhead.empty() && !sameOverhead(pod->spec.overhead, chosen.overhead->podFixed))
            return fail(overheadDiffers(request));
        pod->spec.overhead = chosen.overhead->podFixed;
    }
    return chosen.scheduling ? setScheduling(request, *pod, *chosen.scheduling) : Result<void>();
}

Result<void> RuntimeClassPlugin::validate(const AdmissionRequest& request, const Reader& reader) const {
    const auto* pod = request.operation == Operation::Create ? itself<corev1::Pod>(request) : nullptr;
    if (!pod) return {};
    const auto found = classOf(request, *pod, reader);
    if (!found) return fail(found.error());
    if (*found && (*found)->overhead) {
        if (!sameOverhead((*found)->overhead->podFixed, pod->spec.overhead)) return fail(overheadDiffers(request));
    } else if (!pod->spec.overhead.empty()) {
        return fail(
            forbidden(request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"));
    }
    return {};
}

}  // namespace

std::unique_ptr<AdmissionPlugin> runtimeClass() {
    return std::make_unique<RuntimeClassPlugin>();
}

}  // namespace qd::apiserver
