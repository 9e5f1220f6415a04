#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

using corev1::PersistentVolumeClaim;

api::Quantity requested(const PersistentVolumeClaim& claim) {
    const auto found = claim.spec.resources.requests.find("storage");
    return found == claim.spec.resources.requests.end() ? api::Quantity() : found->second;
}

std::string classOf(const PersistentVolumeClaim& claim) {
    const auto old = claim.metadata.annotations.find("volume.beta.kubernetes.io/storage-class");
    if (old != claim.metadata.annotations.end()) return old->second;
    return claim.spec.storageClassName.value_or("");
}

bool classAllows(const PersistentVolumeClaim& now, const PersistentVolumeClaim& old, const Reader& reader) {
    const std::string name = classOf(now);
    if (name.empty() || name != classOf(old)) return false;
    const auto found = api::objectAs<storagev1::StorageClass>(reader.get("storageclasses.storage.k8s.io", "", name));
    return found && found->allowVolumeExpansion.value_or(false);
}

class PersistentVolumeClaimResize final : public AdmissionPlugin {
public:
    const char* name() const override { return "PersistentVolumeClaimResize"; }
    Result<void> validate(const AdmissionRequest& request, const Reader& reader) const override {
        const auto* now = request.operation == Operation::Update ? itself<PersistentVolumeClaim>(request) : nullptr;
        if (!now || !request.old) return {};
        const auto& old = static_cast<const PersistentVolumeClaim&>(*request.old);
        if (requested(*now) <= requested(old)) return {};
        if (old.status.phase != "Bound")
            return fail(forbidden(request, "Only bound persistent volume claims can be expanded"));
        if (!classAllows(*now, old, reader)) {
            return fail(forbidden(request,
                                  "only dynamically provisioned pvc can be resized and the storageclass that "
                                  "provisions the pvc must support resize"));
        }
        return {};
    }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> persistentVolumeClaimResize() {
    return std::make_unique<PersistentVolumeClaimResize>();
}

}  // namespace qd::apiserver
