#include "cluster/api/quota/evaluator.h"

namespace qd::api {
namespace {

using corev1::PersistentVolumeClaim;

constexpr std::string_view kOfClass = ".storageclass.storage.k8s.io/";

std::string storageClassOf(const PersistentVolumeClaim& claim) {
    const auto old = claim.metadata.annotations.find("volume.beta.kubernetes.io/storage-class");
    if (old != claim.metadata.annotations.end()) return old->second;
    return claim.spec.storageClassName.value_or("");
}

// Whole bytes; what has been set aside already when that is more than what is asked for.
std::optional<Quantity> storageOf(const PersistentVolumeClaim& claim) {
    const auto whole = [](const Quantity& amount) { return amount.nano() % 1'000'000'000 == 0 ? amount : Quantity(amount.value(), amount.format()); };
    const auto asked = claim.spec.resources.requests.find("storage");
    if (asked == claim.spec.resources.requests.end()) return std::nullopt;
    const auto given = claim.status.allocatedResources.find("storage");
    return whole(given != claim.status.allocatedResources.end() && given->second > asked->second ? given->second : asked->second);
}

std::set<std::string> attributesClassesOf(const PersistentVolumeClaim& claim) {
    std::set<std::string> names = {claim.spec.volumeAttributesClassName.value_or(""), claim.status.currentVolumeAttributesClassName.value_or("")};
    if (claim.status.modifyVolumeStatus) names.insert(claim.status.modifyVolumeStatus->targetVolumeAttributesClassName);
    names.erase("");
    return names;
}

class ClaimEvaluator final : public QuotaEvaluator {
public:
    const std::string& groupResource() const override {
        static const std::string name = "persistentvolumeclaims";
        return name;
    }
    ResourceNameSet matching(const ResourceNameSet& names) const override {
        ResourceNameSet result;
        for (const auto& name : names) {
            const auto of = name.find(kOfClass);
            const std::string what = of == std::string::npos ? name : name.substr(of + kOfClass.size());
            if (what == "persistentvolumeclaims" || what == "requests.storage" || name == "count/persistentvolumeclaims") result.insert(name);
        }
        return result;
    }
    bool inScope(const corev1::ScopedResourceSelectorRequirement& scope, const Object& object) const override {
        const auto* claim = objectAs<PersistentVolumeClaim>(object);
        return claim && scope.scopeName == "VolumeAttributesClass" && selects(scope, attributesClassesOf(*claim));
    }
    Quantities usage(const Object& object, base::WallTime) const override {
        const auto* claim = objectAs<PersistentVolumeClaim>(object);
        if (!claim) return {};
        Quantities used = {{"count/persistentvolumeclaims", Quantity(1)}, {"persistentvolumeclaims", Quantity(1)}};
        const std::string storageClass = storageClassOf(*claim);
        const std::string ofClass = storageClass + std::string(kOfClass);
        if (!storageClass.empty()) used.emplace(ofClass + "persistentvolumeclaims", Quantity(1));
        const auto storage = storageOf(*claim);
        if (!storage) return used;
        used.emplace("requests.storage", *storage);
        if (!storageClass.empty()) used.emplace(ofClass + "requests.storage", *storage);
        return used;
    }
    bool mayHaveShrunk(const Object& old, const Object& now, base::WallTime) const override {
        const auto* before = objectAs<PersistentVolumeClaim>(old);
        const auto* after = objectAs<PersistentVolumeClaim>(now);
        if (!before || !after) return false;
        return before->status.allocatedResources != after->status.allocatedResources || attributesClassesOf(*before) != attributesClassesOf(*after);
    }
};

}  // namespace

std::unique_ptr<QuotaEvaluator> claimEvaluator() { return std::make_unique<ClaimEvaluator>(); }

}  // namespace qd::api
