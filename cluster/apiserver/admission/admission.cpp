#include "cluster/apiserver/admission/admission.h"

#include <fmt/format.h>

#include "cluster/api/field/path.h"
#include "cluster/apiserver/admission/certificates.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

std::string nameOf(const AdmissionRequest& request) {
    if (!request.name.empty()) return request.name;
    if (!request.object) return "Unknown";
    const metav1::ObjectMeta& meta = request.object->metadata;
    if (!meta.name.empty()) return meta.name;
    return meta.generateName.empty() ? "Unknown" : meta.generateName;
}

}  // namespace

Error forbidden(const AdmissionRequest& request, std::string_view why) {
    const std::string name = nameOf(request);
    Error error{Reason::Forbidden, fmt::format("{} {} is forbidden: {}", request.kind->groupResource(),
                                               api::field::Shown(name).text(), why)};
    error.details = base::ErrorDetails{name, request.kind->group, request.kind->plural, "", 0};
    return error;
}

// Source of the order: k8s.io/kubernetes pkg/kubeapiserver/options.
std::vector<std::unique_ptr<AdmissionPlugin>> defaultAdmissionPlugins(base::Random& random,
                                                                      const Authorizer* authorizer) {
    std::vector<std::unique_ptr<AdmissionPlugin>> plugins;
    plugins.push_back(namespaceLifecycle());
    plugins.push_back(limitRanger());
    plugins.push_back(serviceAccount(random));
    plugins.push_back(nodeRestriction(authorizer));
    plugins.push_back(taintNodesByCondition());
    plugins.push_back(podSecurity());
    plugins.push_back(priority());
    plugins.push_back(defaultTolerationSeconds());
    plugins.push_back(defaultStorageClass());
    plugins.push_back(storageObjectInUseProtection());
    plugins.push_back(persistentVolumeClaimResize());
    plugins.push_back(runtimeClass());
    plugins.push_back(certificateApproval(authorizer));
    plugins.push_back(certificateSigning(authorizer));
    plugins.push_back(certificateSubjectRestriction());
    plugins.push_back(defaultIngressClass());
    plugins.push_back(podTopologyLabels());
    plugins.push_back(podResizeValidator());
    return plugins;
}

}  // namespace qd::apiserver
