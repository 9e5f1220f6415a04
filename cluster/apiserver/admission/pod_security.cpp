#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/batch_v1.h"
#include "cluster/apiserver/admission/plugins.h"
#include "cluster/apiserver/admission/pod_security/checks.h"

namespace qd::apiserver {
namespace {

using namespace pod_security;

class PodSecurity final : public AdmissionPlugin {
public:
    const char* name() const override { return "PodSecurity"; }
    Result<void> validate(const AdmissionRequest& request, const Reader& reader) const override;
};

template <typename Container>
bool sameImages(const std::vector<Container>& now, const std::vector<Container>& old) {
    return std::equal(now.begin(), now.end(), old.begin(), old.end(),
                      [](const Container& a, const Container& b) { return a.name == b.name && a.image == b.image; });
}

// Nothing else that counts can change in a Pod.
bool changesNothingThatCounts(const corev1::Pod& now, const corev1::Pod& old) {
    return sameImages(now.spec.containers, old.spec.containers) &&
           sameImages(now.spec.initContainers, old.spec.initContainers) &&
           sameImages(now.spec.ephemeralContainers, old.spec.ephemeralContainers);
}

// The Pods that a workload would make; null when it is none.
const corev1::PodTemplateSpec* templateOf(const api::Object& object) {
    if (const auto* it = api::objectAs<appsv1::Deployment>(object)) return &it->spec.template_;
    if (const auto* it = api::objectAs<appsv1::ReplicaSet>(object)) return &it->spec.template_;
    if (const auto* it = api::objectAs<appsv1::StatefulSet>(object)) return &it->spec.template_;
    if (const auto* it = api::objectAs<appsv1::DaemonSet>(object)) return &it->spec.template_;
    if (const auto* it = api::objectAs<batchv1::Job>(object)) return &it->spec.template_;
    if (const auto* it = api::objectAs<batchv1::CronJob>(object)) return &it->spec.jobTemplate.spec.template_;
    if (const auto* it = api::objectAs<corev1::PodTemplate>(object)) return &it->template_;
    const auto* controller = api::objectAs<corev1::ReplicationController>(object);
    return controller && controller->spec.template_ ? &*controller->spec.template_ : nullptr;
}

Policy policyIn(const AdmissionRequest& request, const Reader& reader) {
    const auto found = reader.get("namespaces", "", request.namespace_);
    return found ? policyOf(found->metadata.labels) : Policy{};
}

void warn(const AdmissionRequest& request, const Policy& policy, const PodView& pod) {
    const std::string wrong = violations(pod, policy.warn);
    if (!wrong.empty() && request.warnings)
        request.warnings->push_back(fmt::format("would violate PodSecurity \"{}\": {}", policy.warn.toString(), wrong));
}

Result<void> checkPod(const AdmissionRequest& request, const Reader& reader) {
    const bool concerns =
        request.subresource.empty() || request.subresource == "ephemeralcontainers" || request.subresource == "resize";
    if (!concerns) return {};
    const auto& pod = static_cast<const corev1::Pod&>(*request.object);
    const bool updates = request.operation == Operation::Update && request.old;
    if (updates && changesNothingThatCounts(pod, static_cast<const corev1::Pod&>(*request.old))) return {};
    const Policy policy = policyIn(request, reader);
    const PodView view = viewOf(pod.metadata, pod.spec);
    if (const std::string wrong = violations(view, policy.enforce); !wrong.empty()) {
        return fail(
            forbidden(request, fmt::format("violates PodSecurity \"{}\": {}", policy.enforce.toString(), wrong)));
    }
    warn(request, policy, view);
    return {};
}

// Labels that were wrong before may stay so.
Result<void> checkNamespace(const AdmissionRequest& request) {
    if (!request.subresource.empty()) return {};
    const auto errors = policyOf(request.object->metadata.labels).errors;
    if (errors.empty()) return {};
    if (request.old) {
        const auto before = policyOf(request.old->metadata.labels).errors;
        const auto same = [](const auto& a, const auto& b) { return a.message() == b.message(); };
        if (std::equal(errors.begin(), errors.end(), before.begin(), before.end(), same)) return {};
    }
    return fail(api::field::toInvalid("", "Namespace", request.object->metadata.name, errors));
}

Result<void> PodSecurity::validate(const AdmissionRequest& request, const Reader& reader) const {
    const bool writes = request.operation == Operation::Create || request.operation == Operation::Update;
    if (!writes || !request.object) return {};
    const api::Object& object = *request.object;
    if (api::objectAs<corev1::Pod>(object)) return checkPod(request, reader);
    if (api::objectAs<corev1::Namespace>(object)) return checkNamespace(request);
    const auto* pods = request.subresource.empty() ? templateOf(object) : nullptr;
    if (pods) warn(request, policyIn(request, reader), viewOf(pods->metadata, pods->spec));
    return {};
}

}  // namespace

std::unique_ptr<AdmissionPlugin> podSecurity() {
    return std::make_unique<PodSecurity>();
}

}  // namespace qd::apiserver
