// Source: https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/.
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/kinds/storage/kinds.h"
#include "cluster/api/kinds/storage/provisioning.h"
#include "cluster/api/types/storage_v1.h"

namespace qd::api {
namespace {

using storagev1::VolumeAttributesClass;

const field::Path kMetadata("metadata");

field::Errors classErrors(const Object& object) {
    const auto& attributes = as<VolumeAttributesClass>(object);
    field::Errors errors = validateObjectMeta(object.metadata, false, nullptr, kMetadata);
    field::append(errors, provisionerErrors(attributes.driverName, field::Path("driverName")));
    field::append(errors, parametersErrors(attributes.parameters, false, field::Path("parameters")));
    return errors;
}

field::Errors changeErrors(const Object& nowObject, const Object& oldObject) {
    const auto& now = as<VolumeAttributesClass>(nowObject);
    const auto& old = as<VolumeAttributesClass>(oldObject);
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    if (now.driverName != old.driverName)
        errors.push_back(field::forbidden(field::Path("driverName"), "updates to driverName are forbidden."));
    if (now.parameters != old.parameters)
        errors.push_back(field::forbidden(field::Path("parameters"), "updates to parameters are forbidden."));
    field::append(errors, classErrors(nowObject));
    return errors;
}

}  // namespace

Kind volumeAttributesClassKind() {
    Kind kind = plainKind("storage.k8s.io", "v1", "VolumeAttributesClass");
    kind.shortNames = {"vac"};
    kind.returnsDeletedObject = true;
    validateCreate(kind, classErrors);
    validateUpdate(kind, changeErrors);
    kind.columns = {nameColumn(), fieldColumn<VolumeAttributesClass>("DriverName", "string", "driverName"),
                    ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        return {object.metadata.name, as<VolumeAttributesClass>(object).driverName,
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
