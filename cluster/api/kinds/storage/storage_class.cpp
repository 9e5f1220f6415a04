// Source: https://kubernetes.io/docs/concepts/storage/storage-classes/.
#include <algorithm>
#include <map>
#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/kinds/storage/kinds.h"
#include "cluster/api/kinds/storage/provisioning.h"
#include "cluster/api/type_of.h"
#include "cluster/api/types/storage_v1.h"

namespace qd::api {
namespace {

using storagev1::StorageClass;

const field::Path kMetadata("metadata");
constexpr std::size_t kMostParameters = 512;
constexpr std::size_t kParametersSize = 256 * 1024;

using Topology = std::map<std::string, std::set<std::string>>;

field::Errors labelRequirementErrors(const corev1::TopologySelectorLabelRequirement& requirement, Topology& topology,
                                     const field::Path& path) {
    field::Errors errors;
    std::set<std::string> values;
    if (requirement.values.empty()) errors.push_back(field::required(path.child("values")));
    for (std::size_t i = 0; i < requirement.values.size(); ++i) {
        if (!values.insert(requirement.values[i]).second)
            errors.push_back(field::duplicate(path.child("values").index(i), requirement.values[i]));
    }
    field::append(errors, validateLabelKey(requirement.key, path.child("key")));
    if (!topology.emplace(requirement.key, std::move(values)).second)
        errors.push_back(field::duplicate(path.child("key"), requirement.key));
    return errors;
}

// No two terms may say the same, and none may say nothing.
field::Errors topologiesErrors(const std::vector<corev1::TopologySelectorTerm>& terms) {
    field::Errors errors;
    std::set<Topology> seen = {{}};
    for (std::size_t t = 0; t < terms.size(); ++t) {
        const field::Path at = field::Path("allowedTopologies").index(t).child("matchLabelExpressions");
        Topology topology;
        for (std::size_t i = 0; i < terms[t].matchLabelExpressions.size(); ++i) {
            field::append(errors, labelRequirementErrors(terms[t].matchLabelExpressions[i], topology, at.index(i)));
        }
        if (!seen.insert(std::move(topology)).second) errors.push_back(field::duplicate(at, ""));
    }
    return errors;
}

field::Errors classErrors(const Object& object) {
    const auto& storage = as<StorageClass>(object);
    field::Errors errors = validateObjectMeta(object.metadata, false, nullptr, kMetadata);
    field::append(errors, provisionerErrors(storage.provisioner, field::Path("provisioner")));
    field::append(errors, parametersErrors(storage.parameters, true, field::Path("parameters")));
    if (!storage.reclaimPolicy.value_or("").empty())
        field::append(errors, choiceErrors(field::Path("reclaimPolicy"), *storage.reclaimPolicy, {"Delete", "Retain"}));
    field::append(errors, choiceErrors(field::Path("volumeBindingMode"), storage.volumeBindingMode.value_or(""),
                                       {"Immediate", "WaitForFirstConsumer"}));
    field::append(errors, topologiesErrors(storage.allowedTopologies));
    return errors;
}

field::Errors changeErrors(const Object& nowObject, const Object& oldObject) {
    const auto& now = as<StorageClass>(nowObject);
    const auto& old = as<StorageClass>(oldObject);
    field::Errors errors = classErrors(nowObject);
    field::append(errors, validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata));
    if (now.parameters != old.parameters) {
        std::string json;
        appendGoJson(json, typeOf<Map<std::string>>(), &now.parameters);
        errors.push_back(immutable(field::Path("parameters"), field::Shown::raw(json)));
    }
    if (now.provisioner != old.provisioner) errors.push_back(immutable(field::Path("provisioner"), now.provisioner));
    if (now.reclaimPolicy != old.reclaimPolicy)
        errors.push_back(immutable(field::Path("reclaimPolicy"), now.reclaimPolicy.value_or("")));
    if (now.volumeBindingMode != old.volumeBindingMode)
        errors.push_back(immutable(field::Path("volumeBindingMode"), now.volumeBindingMode.value_or("")));
    return errors;
}

bool isDefault(const metav1::ObjectMeta& metadata) {
    const auto marked = [&](std::string_view key) {
        const auto found = metadata.annotations.find(key);
        return found != metadata.annotations.end() && found->second == "true";
    };
    return marked("storageclass.kubernetes.io/is-default-class") ||
           marked("storageclass.beta.kubernetes.io/is-default-class");
}

}  // namespace

field::Errors provisionerErrors(const std::string& name, const field::Path& path) {
    if (name.empty()) return {field::required(path)};
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return qualifiedErrors(path, lower);
}

field::Errors parametersErrors(const Map<std::string>& parameters, bool mayBeEmpty, const field::Path& path) {
    if (parameters.size() > kMostParameters) return {field::tooLong(path, kMostParameters)};
    field::Errors errors;
    std::size_t size = 0;
    for (const auto& [name, value] : parameters) {
        if (name.empty()) errors.push_back(field::invalid(path, name, "field can not be empty."));
        size += name.size() + value.size();
    }
    if (size > kParametersSize) errors.push_back(field::tooLong(path, kParametersSize));
    if (!mayBeEmpty && parameters.empty())
        errors.push_back(field::required(path, "must contain at least one key/value pair"));
    return errors;
}

Kind storageClassKind() {
    Kind kind = plainKind("storage.k8s.io", "v1", "StorageClass");
    kind.shortNames = {"sc"};
    kind.returnsDeletedObject = true;
    kind.defaults = [](Object& object) {
        auto& storage = as<StorageClass>(object);
        if (!storage.reclaimPolicy) storage.reclaimPolicy = "Delete";
        if (!storage.volumeBindingMode) storage.volumeBindingMode = storagev1::VolumeBindingImmediate;
    };
    validateCreate(kind, classErrors);
    validateUpdate(kind, changeErrors);
    kind.columns = {nameColumn(),
                    fieldColumn<StorageClass>("Provisioner", "string", "provisioner"),
                    fieldColumn<StorageClass>("ReclaimPolicy", "string", "reclaimPolicy"),
                    fieldColumn<StorageClass>("VolumeBindingMode", "string", "volumeBindingMode"),
                    fieldColumn<StorageClass>("AllowVolumeExpansion", "string", "allowVolumeExpansion"),
                    ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& storage = as<StorageClass>(object);
        return {object.metadata.name + (isDefault(object.metadata) ? " (default)" : ""),
                storage.provisioner,
                storage.reclaimPolicy.value_or("Delete"),
                storage.volumeBindingMode.value_or("Immediate"),
                storage.allowVolumeExpansion.value_or(false),
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
