#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/api/quota/quantities.h"
#include "cluster/api/quota/pod_resources.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

api::Quantity amountOf(const api::Quantities& amounts, const char* name) {
    const auto found = amounts.find(name);
    return found == amounts.end() ? api::Quantity() : found->second;
}

// Empty when a Pod that asks for this much would fit on the node if it were there alone.
std::string tooMuch(const api::Quantities& requests, const api::Quantities& allocatable) {
    std::vector<std::string> parts;
    const auto compare = [&](const char* name, auto shown) {
        const api::Quantity requested = amountOf(requests, name);
        const api::Quantity there = amountOf(allocatable, name);
        if (requested > there) parts.push_back(fmt::format("{}, requested: {}, allocatable: {}", name, shown(requested), shown(there)));
    };
    compare("cpu", [](const api::Quantity& amount) { return amount.milliValue(); });
    compare("memory", [](const api::Quantity& amount) { return amount.value(); });
    if (parts.empty()) return {};
    return fmt::format("node didn't have enough allocatable resources: {}", fmt::join(parts, "; "));
}

class PodResizeValidator final : public AdmissionPlugin {
public:
    const char* name() const override { return "PodResizeValidator"; }
    Result<void> validate(const AdmissionRequest& request, const Reader& reader) const override {
        if (request.operation != Operation::Update || request.subresource != "resize" || !request.object || !request.old) return {};
        const auto* pod = api::objectAs<corev1::Pod>(static_cast<const api::Object&>(*request.object));
        const auto* old = api::objectAs<corev1::Pod>(*request.old);
        if (!pod || !old || pod->spec.nodeName.empty() || pod->spec == old->spec) return {};
        const auto node = api::objectAs<corev1::Node>(reader.get("nodes", "", pod->spec.nodeName));
        if (!node) return fail(forbidden(request, fmt::format("node \"{}\" not found", pod->spec.nodeName)));
        const auto system = node->metadata.labels.find("kubernetes.io/os");
        if (system != node->metadata.labels.end() && system->second != "linux") {
            return refuse(request, "UnsupportedPlatform",
                          fmt::format("pod resize is only supported on linux nodes, node \"{}\" is \"{}\"", node->metadata.name, system->second));
        }
        const api::Quantities requests = api::sum(api::podRequests(pod->spec), pod->spec.overhead);
        if (const std::string why = tooMuch(requests, node->status.allocatable); !why.empty()) return refuse(request, "NodeCapacity", why);
        return {};
    }

private:
    static Result<void> refuse(const AdmissionRequest& request, const char* cause, const std::string& why) {
        Error error = forbidden(request, why);
        error.causes.push_back({.reason = cause, .message = {}, .field = {}});
        return fail(std::move(error));
    }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> podResizeValidator() {
    return std::make_unique<PodResizeValidator>();
}

}  // namespace qd::apiserver
