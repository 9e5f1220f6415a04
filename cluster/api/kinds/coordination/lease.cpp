// Source: https://kubernetes.io/docs/concepts/architecture/leases/.
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/coordination/kinds.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/coordination_v1.h"

namespace qd::api {
namespace {

using coordinationv1::Lease;

const field::Path kMetadata("metadata");

// Coordinated election is switched off.
void dropUnsupported(Object& object) {
    as<Lease>(object).spec.strategy.reset();
    as<Lease>(object).spec.preferredHolder.reset();
}

field::Errors specErrors(const Object& object) {
    const auto& spec = as<Lease>(object).spec;
    const field::Path path("spec");
    field::Errors errors;
    if (spec.leaseDurationSeconds && *spec.leaseDurationSeconds <= 0) {
        errors.push_back(field::invalid(path.child("leaseDurationSeconds"), *spec.leaseDurationSeconds, "must be greater than 0"));
    }
    if (spec.leaseTransitions && *spec.leaseTransitions < 0) {
        errors.push_back(field::invalid(path.child("leaseTransitions"), *spec.leaseTransitions, "must be greater than or equal to 0"));
    }
    return errors;
}

}  // namespace

Kind leaseKind() {
    Kind kind = plainKind("coordination.k8s.io", "v1", "Lease");
    kind.allowCreateOnUpdate = true;
    kind.allowUnconditionalUpdate = false;
    kind.prepareForCreate = dropUnsupported;
    kind.update.prepare = [](Object& now, const Object&) { dropUnsupported(now); };
    validateCreate(kind, [](const Object& object) {
        field::Errors errors = validateAnyMeta(object.metadata, true, nullptr, kMetadata);
        field::append(errors, specErrors(object));
        return errors;
    });
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = validateAnyMetaUpdate(now.metadata, old.metadata, kMetadata);
        field::append(errors, specErrors(now));
        return errors;
    });
    kind.columns = {nameColumn(), fieldColumn<coordinationv1::LeaseSpec>("Holder", "string", "holderIdentity"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        return {object.metadata.name, as<Lease>(object).spec.holderIdentity.value_or(""), ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
