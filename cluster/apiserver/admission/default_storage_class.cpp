#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/default_class.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

class DefaultStorageClass final : public AdmissionPlugin {
public:
    const char* name() const override { return "DefaultStorageClass"; }
    Result<void> mutate(AdmissionRequest& request, const Reader& reader) const override {
        auto* claim = request.operation == Operation::Create ? itself<corev1::PersistentVolumeClaim>(request) : nullptr;
        if (!claim || claim->spec.storageClassName ||
            claim->metadata.annotations.contains("volume.beta.kubernetes.io/storage-class"))
            return {};
        const auto chosen = newestMarked(
            reader.list("storageclasses.storage.k8s.io", ""),
            {"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"});
        if (chosen) claim->spec.storageClassName = chosen->metadata.name;
        return {};
    }
};

}  // namespace

std::unique_ptr<AdmissionPlugin> defaultStorageClass() {
    return std::make_unique<DefaultStorageClass>();
}

}  // namespace qd::apiserver
