// Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/controller-revision-v1/.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cluster/api/codec/json_tree.h"
#include "cluster/api/kinds/apps/kinds.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/registry.h"
#include "cluster/api/types/apps_v1.h"

namespace qd::api {
namespace {

using appsv1::ControllerRevision;

const field::Path kMetadata("metadata");
const field::Path kData("data");

field::Errors createErrors(const Object& object) {
    const auto& revision = as<ControllerRevision>(object);
    field::Errors errors = validateObjectMeta(object.metadata, true, nullptr, kMetadata);
    field::append(errors, validateNonNegative(revision.revision, field::Path("revision")));
    const auto data = revision.data.empty() ? Result<boost::json::value>(nullptr) : parseJson(revision.data.raw);
    if (!data) {
        errors.push_back(field::invalid(kData, "<value omitted>", "error parsing data: " + data.error().message));
    } else if (data->is_null()) {
        errors.push_back(field::required(kData, "data is mandatory"));
    } else if (!data->is_object()) {
        errors.push_back(field::required(kData, "data must be a valid JSON object"));
    }
    return errors;
}

// The data is held to its bytes: what means the same but is spelled otherwise counts as changed.
field::Errors updateErrors(const Object& now, const Object& old) {
    const auto& revision = as<ControllerRevision>(now);
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    field::append(errors, validateObjectMeta(now.metadata, true, nullptr, kMetadata));
    field::append(errors, validateNonNegative(revision.revision, field::Path("revision")));
    if (revision.data == as<ControllerRevision>(old).data) return errors;
    const auto data = revision.data.empty() ? Result<boost::json::value>(nullptr) : parseJson(revision.data.raw);
    errors.push_back(
        immutable(kData, data ? field::Shown::raw(serializeJson(*data)) : field::Shown(revision.data.raw)));
    return errors;
}

// "statefulset.apps/web"
std::string controllerText(const metav1::ObjectMeta& metadata) {
    const auto& owners = metadata.ownerReferences;
    const auto controller =
        std::find_if(owners.begin(), owners.end(), [](const auto& owner) { return owner.controller.value_or(false); });
    if (controller == owners.end()) return "<none>";
    const std::string group(splitApiVersion(controller->apiVersion).group);
    std::string kind = group.empty() ? controller->kind : controller->kind + "." + group;
    std::transform(kind.begin(), kind.end(), kind.begin(), [](unsigned char c) { return std::tolower(c); });
    return kind + "/" + controller->name;
}

}  // namespace

Kind controllerRevisionKind() {
    Kind kind = plainKind("apps", "v1", "ControllerRevision");
    validateCreate(kind, createErrors);
    validateUpdate(kind, updateErrors);
    kind.columns = {nameColumn(), textColumn("Controller", "Controller of the object"),
                    fieldColumn<ControllerRevision>("Revision", "string", "revision"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        return {object.metadata.name, controllerText(object.metadata), as<ControllerRevision>(object).revision,
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
