// Source: https://kubernetes.io/docs/concepts/configuration/configmap/.
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {
namespace {

using corev1::ConfigMap;

constexpr std::size_t kMostBytes = 1024 * 1024;
constexpr std::string_view kImmutableSet = "field is immutable when `immutable` is set";

field::Errors configMapErrors(const Object& object) {
    const auto& map = as<ConfigMap>(object);
    field::Errors errors = validateObjectMeta(map.metadata, true, nullptr, field::Path("metadata"));
    std::size_t size = 0;
    for (const auto& [key, value] : map.data) {
        const field::Path path = field::Path("data").key(key);
        for (const auto& complaint : configMapKeyErrors(key)) errors.push_back(field::invalid(path, key, complaint));
        if (map.binaryData.contains(key)) errors.push_back(field::invalid(path, key, "duplicate of key present in binaryData"));
        size += value.size();
    }
    for (const auto& [key, value] : map.binaryData) {
        for (const auto& complaint : configMapKeyErrors(key)) errors.push_back(field::invalid(field::Path("binaryData").key(key), key, complaint));
        size += value.data.size();
    }
    // The error is about the whole object, whose path upstream shows so.
    if (size > kMostBytes) errors.push_back(field::tooLong(field::Path("[]"), kMostBytes));
    return errors;
}

field::Errors configMapUpdateErrors(const Object& nowObject, const Object& oldObject) {
    const auto& now = as<ConfigMap>(nowObject);
    const auto& old = as<ConfigMap>(oldObject);
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, field::Path("metadata"));
    if (old.immutable.value_or(false)) {
        if (!now.immutable.value_or(false)) errors.push_back(field::forbidden(field::Path("immutable"), kImmutableSet));
        if (now.data != old.data) errors.push_back(field::forbidden(field::Path("data"), kImmutableSet));
        if (now.binaryData != old.binaryData) errors.push_back(field::forbidden(field::Path("binaryData"), kImmutableSet));
    }
    field::append(errors, configMapErrors(now));
    return errors;
}

}  // namespace

Kind configMapKind() {
    Kind kind = plainKind("", "v1", "ConfigMap");
    kind.shortNames = {"cm"};
    validateCreate(kind, configMapErrors);
    validateUpdate(kind, configMapUpdateErrors);
    kind.columns = {nameColumn(), fieldColumn<ConfigMap>("Data", "string", "data"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& map = as<ConfigMap>(object);
        return {map.metadata.name, static_cast<std::int64_t>(map.data.size() + map.binaryData.size()), ageText(map.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
