#include <algorithm>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

const char* finalizerFor(AdmissionRequest& request) {
    if (itself<corev1::PersistentVolumeClaim>(request)) return "kubernetes.io/pvc-protection";
    if (itself<corev1::PersistentVolume>(request)) return "kubernetes.io/pv-protection";
    if (itself<storagev1::VolumeAttributesClass>(request)) return "kubernetes.io/vac-protection";
    return nullptr;
}

class StorageObjectInUseProtection final : public AdmissionPlugin {
public:
    const char* name() const override { return "StorageObjectInUseProtection"; }
    Result<void> mutate(AdmissionRequest& request, const Reader&) const override {
        const char* finalizer = request.operation == Operation::Create ? finalizerFor(request) : nullptr;
        if (!finalizer) return {};
        auto& finalizers = request.object->metadata.finalizers;
        if (std::find(finalizers.begin(), finalizers.end(), finalizer) == finalizers.end())
            finalizers.emplace_back(finalizer);
        return {};
    }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> storageObjectInUseProtection() {
    return std::make_unique<StorageObjectInUseProtection>();
}

}  // namespace qd::apiserver
