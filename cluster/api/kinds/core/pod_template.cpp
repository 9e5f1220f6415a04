// Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-template-v1/.
#include "cluster/api/kinds/apps/workload.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/object_meta.h"

namespace qd::api {
namespace {

using corev1::PodTemplate;

const field::Path kMetadata("metadata");
const field::Path kTemplate("template");

void dropUnsupported(Object& object) {
    dropUnsupportedFields(as<PodTemplate>(object).template_.spec);
}

std::vector<std::string> templateWarnings(const Object& now, const Object* old) {
    return writtenTemplateWarnings(now, old, as<PodTemplate>(now).template_, kTemplate);
}

}  // namespace

Kind podTemplateKind() {
    Kind kind = plainKind("", "v1", "PodTemplate");
    kind.returnsDeletedObject = true;
    kind.defaults = [](Object& object) { setPodTemplateDefaults(as<PodTemplate>(object).template_); };
    kind.prepareForCreate = dropUnsupported;
    kind.update.prepare = [](Object& now, const Object&) { dropUnsupported(now); };
    countGenerations(kind);
    validateCreate(kind, [](const Object& object) {
        field::Errors errors = validateObjectMeta(object.metadata, true, nullptr, kMetadata);
        field::append(errors, podTemplateErrors(as<PodTemplate>(object).template_, kTemplate));
        return errors;
    });
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
        field::append(errors, podTemplateErrors(as<PodTemplate>(now).template_, kTemplate));
        return errors;
    });
    kind.warnings = templateWarnings;
    kind.update.warnings = templateWarnings;
    kind.columns = {nameColumn(), textColumn("Containers", "Names of each container in the template."),
                    textColumn("Images", "Images referenced by each container in the template."),
                    textColumn("Pod Labels", "The labels for the pod template.")};
    kind.cells = [](const Object& object, base::WallTime) -> std::vector<Cell> {
        const auto& pod = as<PodTemplate>(object).template_;
        return {object.metadata.name, containerNames(pod.spec.containers), containerImages(pod.spec.containers),
                labelsText(pod.metadata.labels)};
    };
    return kind;
}

}  // namespace qd::api
