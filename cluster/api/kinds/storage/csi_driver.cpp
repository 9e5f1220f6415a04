// Source: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/csi-driver-v1/.
#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/kinds/storage/kinds.h"
#include "cluster/api/types/storage_v1.h"

namespace qd::api {
namespace {

using storagev1::CSIDriver;
using storagev1::CSIDriverSpec;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
constexpr std::int64_t kLeastTokenSeconds = 600;
constexpr std::int64_t kMostTokenSeconds = std::int64_t(1) << 32;
constexpr std::int64_t kLeastUpdatePeriod = 10;  // seconds

void setDefaults(Object& object) {
    auto& spec = as<CSIDriver>(object).spec;
    if (!spec.attachRequired) spec.attachRequired = true;
    if (!spec.podInfoOnMount) spec.podInfoOnMount = false;
    if (!spec.storageCapacity) spec.storageCapacity = false;
    if (!spec.fsGroupPolicy) spec.fsGroupPolicy = storagev1::ReadWriteOnceWithFSTypeFSGroupPolicy;
    if (spec.volumeLifecycleModes.empty()) spec.volumeLifecycleModes = {storagev1::VolumeLifecyclePersistent};
    if (!spec.requiresRepublish) spec.requiresRepublish = false;
    if (!spec.seLinuxMount) spec.seLinuxMount = false;
}

field::Errors tokenRequestsErrors(const std::vector<storagev1::TokenRequest>& requests, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> audiences;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (!audiences.insert(requests[i].audience).second) {
            errors.push_back(field::duplicate(path.index(i).child("audience"), requests[i].audience));
            continue;
        }
        if (!requests[i].expirationSeconds) continue;
        const std::int64_t seconds = *requests[i].expirationSeconds;
        const field::Path at = path.index(i).child("expirationSeconds");
        if (seconds < kLeastTokenSeconds)
            errors.push_back(field::invalid(at, seconds, "may not specify a duration less than 10 minutes"));
        if (seconds > kMostTokenSeconds)
            errors.push_back(field::invalid(at, seconds, "may not specify a duration larger than 2^32 seconds"));
    }
    return errors;
}

field::Errors specErrors(const CSIDriverSpec& spec) {
    field::Errors errors;
    if (spec.fsGroupPolicy)
        field::append(errors, choiceErrors(kSpec.child("fsGroupPolicy"), *spec.fsGroupPolicy,
                                           {"File", "None", "ReadWriteOnceWithFSType"}));
    field::append(errors, tokenRequestsErrors(spec.tokenRequests, kSpec.child("tokenRequests")));
    for (const auto& mode : spec.volumeLifecycleModes)
        field::append(errors, choiceErrors(kSpec.child("volumeLifecycleModes"), mode, {"Persistent", "Ephemeral"}));
    const auto& period = spec.nodeAllocatableUpdatePeriodSeconds;
    if (period && *period < kLeastUpdatePeriod) {
        errors.push_back(field::invalid(kSpec.child("nodeAllocatableUpdatePeriodSeconds"), *period,
                                        "must be greater than or equal to 10 seconds"));
    }
    return errors;
}

field::Errors changeErrors(const Object& nowObject, const Object& oldObject) {
    const auto& now = as<CSIDriver>(nowObject).spec;
    const auto& old = as<CSIDriver>(oldObject).spec;
    field::Errors errors = validateObjectMetaUpdate(nowObject.metadata, oldObject.metadata, kMetadata);
    field::append(errors, specErrors(now));
    // The path is spelled so upstream.
    if (now.attachRequired != old.attachRequired)
        errors.push_back(immutable(kSpec.child("attachedRequired"), now.attachRequired.value_or(false)));
    if (now.volumeLifecycleModes != old.volumeLifecycleModes)
        errors.push_back(immutable(kSpec.child("volumeLifecycleModes"), shownStrings(now.volumeLifecycleModes)));
    return errors;
}

std::string audiencesText(const CSIDriverSpec& spec) {
    if (spec.tokenRequests.empty()) return "<unset>";
    std::vector<std::string> audiences;
    for (const auto& request : spec.tokenRequests) audiences.push_back(request.audience);
    return joined(audiences);
}

void addTable(Kind& kind) {
    kind.columns = {nameColumn(),
                    fieldColumn<CSIDriverSpec>("AttachRequired", "boolean", "attachRequired"),
                    fieldColumn<CSIDriverSpec>("PodInfoOnMount", "boolean", "podInfoOnMount"),
                    fieldColumn<CSIDriverSpec>("StorageCapacity", "boolean", "storageCapacity"),
                    fieldColumn<CSIDriverSpec>("TokenRequests", "string", "tokenRequests"),
                    fieldColumn<CSIDriverSpec>("RequiresRepublish", "boolean", "requiresRepublish"),
                    fieldColumn<CSIDriverSpec>("Modes", "string", "volumeLifecycleModes"),
                    ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& spec = as<CSIDriver>(object).spec;
        return {object.metadata.name,
                spec.attachRequired.value_or(true),
                spec.podInfoOnMount.value_or(false),
                spec.storageCapacity.value_or(false),
                audiencesText(spec),
                spec.requiresRepublish.value_or(false),
                orNone(joined(spec.volumeLifecycleModes)),
                ageText(object.metadata.creationTimestamp, now)};
    };
}

}  // namespace

Kind csiDriverKind() {
    Kind kind = plainKind("storage.k8s.io", "v1", "CSIDriver");
    kind.allowUnconditionalUpdate = false;
    kind.returnsDeletedObject = true;
    kind.defaults = setDefaults;
    // Scheduling by it is switched off.
    kind.prepareForCreate = [](Object& object) { as<CSIDriver>(object).spec.preventPodSchedulingIfMissing.reset(); };
    // The generation counts changes from nothing on.
    kind.update.prepare = [](Object& now, const Object& old) {
        auto& spec = as<CSIDriver>(now).spec;
        if (!as<CSIDriver>(old).spec.preventPodSchedulingIfMissing) spec.preventPodSchedulingIfMissing.reset();
        now.metadata.generation = old.metadata.generation + (spec == as<CSIDriver>(old).spec ? 0 : 1);
    };
    validateCreate(kind, [](const Object& object) {
        field::Errors errors = validateObjectMeta(object.metadata, false, nullptr, kMetadata);
        field::append(errors, specErrors(as<CSIDriver>(object).spec));
        return errors;
    });
    validateUpdate(kind, changeErrors);
    addTable(kind);
    return kind;
}

}  // namespace qd::api
