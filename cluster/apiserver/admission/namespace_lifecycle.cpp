#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

constexpr std::string_view kImmortal[] = {"default", "kube-system", "kube-public"};

bool isImmortal(const std::string& name) {
    return std::find(std::begin(kImmortal), std::end(kImmortal), name) != std::end(kImmortal);
}

// These tell about permissions only; whether the namespace exists must not show.
bool isAccessReview(const api::Kind& kind) {
    return kind.plural == "localsubjectaccessreviews";
}

class NamespaceLifecycle final : public AdmissionPlugin {
public:
    const char* name() const override { return "NamespaceLifecycle"; }
    Result<void> mutate(AdmissionRequest& request, const Reader& reader) const override;
};

Error terminating(const AdmissionRequest& request) {
    Error error = forbidden(
        request,
        fmt::format("unable to create new content in namespace {} because it is being terminated", request.namespace_));
    error.causes.push_back({"NamespaceTerminating", fmt::format("namespace {} is being terminated", request.namespace_),
                            "metadata.namespace"});
    return error;
}

Result<void> NamespaceLifecycle::mutate(AdmissionRequest& request, const Reader& reader) const {
    const bool ofNamespace = request.kind->group.empty() && request.kind->kind == "Namespace";
    if (ofNamespace && request.operation == Operation::Delete && isImmortal(request.name))
        return fail(forbidden(request, "this namespace may not be deleted"));
    if (ofNamespace || request.namespace_.empty() || request.operation == Operation::Delete ||
        isAccessReview(*request.kind))
        return {};
    const auto found = api::objectAs<corev1::Namespace>(reader.get("namespaces", "", request.namespace_));
    if (!found) {
        Error error{Reason::NotFound, fmt::format("namespaces \"{}\" not found", request.namespace_)};
        error.details = base::ErrorDetails{request.namespace_, "", "namespaces", "", 0};
        return fail(std::move(error));
    }
    if (request.operation == Operation::Create && found->status.phase == "Terminating")
        return fail(terminating(request));
    return {};
}

}  // namespace

std::unique_ptr<AdmissionPlugin> namespaceLifecycle() {
    return std::make_unique<NamespaceLifecycle>();
}

}  // namespace qd::apiserver
