// Source: https://kubernetes.io/docs/concepts/storage/storage-capacity/.
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/kinds/storage/kinds.h"
#include "cluster/api/types/storage_v1.h"

namespace qd::api {
namespace {

using storagev1::CSIStorageCapacity;

const field::Path kMetadata("metadata");

field::Errors capacityErrors(const Object& object) {
    const auto& capacity = as<CSIStorageCapacity>(object);
    field::Errors errors = validateObjectMeta(object.metadata, true, nullptr, kMetadata);
    field::append(errors, validateLabelSelector(capacity.nodeTopology.get(), field::Path("nodeTopology")));
    field::append(errors, subdomainErrors(field::Path("storageClassName"), capacity.storageClassName));
    if (capacity.capacity && capacity.capacity->sign() < 0) {
        errors.push_back(field::invalid(field::Path("capacity"), capacity.capacity->toString(),
                                        "must be greater than or equal to 0"));
    }
    return errors;
}

// What the driver was asked about stays; its answer changes.
field::Errors changeErrors(const Object& nowObject, const Object& oldObject) {
    const auto& now = as<CSIStorageCapacity>(nowObject);
    const auto& old = as<CSIStorageCapacity>(oldObject);
    field::Errors errors = capacityErrors(nowObject);
    field::append(errors, validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata));
    if (!(now.nodeTopology == old.nodeTopology))
        errors.push_back(immutable(field::Path("nodeTopology"), shownPointer(now.nodeTopology.get())));
    if (now.storageClassName != old.storageClassName)
        errors.push_back(immutable(field::Path("storageClassName"), now.storageClassName));
    return errors;
}

}  // namespace

Kind csiStorageCapacityKind() {
    Kind kind = plainKind("storage.k8s.io", "v1", "CSIStorageCapacity");
    kind.allowUnconditionalUpdate = false;
    validateCreate(kind, capacityErrors);
    validateUpdate(kind, changeErrors);
    return kind;
}

}  // namespace qd::api
