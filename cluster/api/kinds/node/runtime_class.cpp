// Source: https://kubernetes.io/docs/concepts/containers/runtime-class/.
#include <algorithm>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/node/kinds.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/node_v1.h"

namespace qd::api {
namespace {

using nodev1::RuntimeClass;

const field::Path kMetadata("metadata");

field::Errors classErrors(const Object& object) {
    const auto& runtime = as<RuntimeClass>(object);
    field::Errors errors = validateAnyMeta(object.metadata, false, nullptr, kMetadata);
    const field::Path handler("handler");
    field::append(errors, runtime.handler.empty() ? field::Errors{field::required(handler)}
                                                  : labelErrors(handler, runtime.handler));
    if (runtime.overhead) {
        corev1::ResourceRequirements overhead;
        overhead.limits = runtime.overhead->podFixed;
        field::append(errors, requirementsErrors(overhead, ResourceNames::OfContainers, {}, field::Path("overhead")));
    }
    if (runtime.scheduling) {
        const field::Path path("scheduling");
        field::append(errors, validateLabels(runtime.scheduling->nodeSelector, path.child("nodeSelector")));
        const auto& tolerations = runtime.scheduling->tolerations;
        field::append(errors, tolerationsErrors(tolerations, path.child("tolerations")));
        for (std::size_t i = 0; i < tolerations.size(); ++i) {
            const auto here = tolerations.begin() + static_cast<std::ptrdiff_t>(i);
            if (std::find(tolerations.begin(), here, *here) == here) continue;
            errors.push_back(field::duplicate(path.child("tolerations").index(i), shown(*here)));
        }
    }
    return errors;
}

}  // namespace

Kind runtimeClassKind() {
    Kind kind = plainKind("node.k8s.io", "v1", "RuntimeClass");
    kind.allowCreateOnUpdate = true;
    kind.allowUnconditionalUpdate = false;
    kind.defaults = [](Object& object) {
        if (as<RuntimeClass>(object).overhead) roundResources(as<RuntimeClass>(object).overhead->podFixed);
    };
    validateCreate(kind, classErrors);
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = classErrors(now);
        field::append(errors, validateAnyMetaUpdate(now.metadata, old.metadata, kMetadata));
        const std::string& handler = as<RuntimeClass>(now).handler;
        if (handler != as<RuntimeClass>(old).handler) errors.push_back(immutable(field::Path("handler"), handler));
        return errors;
    });
    kind.columns = {nameColumn(), fieldColumn<RuntimeClass>("Handler", "string", "handler"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        return {object.metadata.name, as<RuntimeClass>(object).handler,
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
