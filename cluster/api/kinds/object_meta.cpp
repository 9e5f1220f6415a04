#include "cluster/api/kinds/object_meta.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "cluster/api/codec/json_text.h"
#include "cluster/api/compare.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/registry.h"

namespace qd::api {
namespace {

constexpr std::size_t kAnnotationsSize = 256 * 1024;
constexpr std::size_t kFieldManagerSize = 128;
constexpr std::string_view kOrphan = "orphan";
constexpr std::string_view kForeground = "foregroundDeletion";
constexpr std::string_view kImmutable = "field is immutable";

field::Errors ownerReferenceErrors(const metav1::OwnerReference& owner, const field::Path& path) {
    field::Errors errors;
    const GroupVersion groupVersion = splitApiVersion(owner.apiVersion);
    if (groupVersion.version.empty()) errors.push_back(field::invalid(path.child("apiVersion"), owner.apiVersion, "version must not be empty"));
    if (owner.kind.empty()) errors.push_back(field::invalid(path.child("kind"), owner.kind, "must not be empty"));
    if (owner.name.empty()) errors.push_back(field::invalid(path.child("name"), owner.name, "must not be empty"));
    if (owner.uid.empty()) errors.push_back(field::invalid(path.child("uid"), owner.uid, "must not be empty"));
    if (owner.apiVersion == "v1" && owner.kind == "Event") {
        errors.push_back(field::invalid(path, shown(owner), "/v1, Kind=Event is disallowed from being an owner"));
    }
    return errors;
}

field::Errors ownerReferencesErrors(const std::vector<metav1::OwnerReference>& owners, const field::Path& path) {
    field::Errors errors;
    std::string controller;
    for (const auto& owner : owners) {
        field::append(errors, ownerReferenceErrors(owner, path));
        if (!owner.controller.value_or(false)) continue;
        const std::string name = owner.kind + "/" + owner.name;
        if (controller.empty()) {
            controller = name;
        } else {
            errors.push_back(field::invalid(
                path, shownList(owners),
                fmt::format("Only one reference can have Controller set to true. Found \"true\" in references for {} and {}", controller, name)));
        }
    }
    return errors;
}

field::Errors finalizersErrors(const std::vector<std::string>& finalizers, const field::Path& path) {
    field::Errors errors;
    for (const auto& finalizer : finalizers) field::append(errors, validateFinalizerName(finalizer, path));
    const auto has = [&](std::string_view name) { return std::find(finalizers.begin(), finalizers.end(), name) != finalizers.end(); };
    if (has(kOrphan) && has(kForeground)) {
        errors.push_back(field::invalid(path, shownStrings(finalizers), fmt::format("finalizer {} and {} cannot be both set", kOrphan, kForeground)));
    }
    return errors;
}

field::Errors managedFieldsErrors(const std::vector<metav1::ManagedFieldsEntry>& entries, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& entry = entries[i];
        const field::Path at = path.index(i);
        if (entry.operation != "Apply" && entry.operation != "Update") {
            errors.push_back(field::invalid(at.child("operation"), entry.operation, "must be `Apply` or `Update`"));
        }
        if (!entry.fieldsType.empty() && entry.fieldsType != "FieldsV1") {
            errors.push_back(field::invalid(at.child("fieldsType"), entry.fieldsType, "must be `FieldsV1`"));
        }
        if (entry.manager.size() > kFieldManagerSize) errors.push_back(field::tooLong(at.child("manager"), kFieldManagerSize));
        for (std::size_t c = 0; c < entry.manager.size(); ++c) {
            if (!std::isprint(static_cast<unsigned char>(entry.manager[c])) && static_cast<unsigned char>(entry.manager[c]) < 0x80) {
                errors.push_back(field::invalid(at.child("manager"), entry.manager,
                                                fmt::format("should only contain printable characters, but character at index {} is not printable", c)));
                break;
            }
        }
        if (entry.subresource.size() > 256) errors.push_back(field::tooLong(at.child("subresource"), 256));
    }
    return errors;
}

// Go's %#v of a list of strings.
std::string goStrings(const std::vector<std::string>& values) {
    std::string out;
    for (const auto& value : values) out += (out.empty() ? "" : ", ") + goQuoted(value);
    return "[]string{" + out + "}";
}

field::Errors newFinalizersErrors(const metav1::ObjectMeta& now, const metav1::ObjectMeta& old, const field::Path& path) {
    const std::set<std::string> before(old.finalizers.begin(), old.finalizers.end());
    std::set<std::string> added;
    for (const auto& finalizer : now.finalizers) {
        if (!before.contains(finalizer)) added.insert(finalizer);
    }
    if (added.empty()) return {};
    return {field::forbidden(path, "no new finalizers can be added if the object is being deleted, found new finalizers " +
                                       goStrings({added.begin(), added.end()}))};
}

field::Shown shownTime(const std::optional<Time>& time) {
    return !time || time->isZero() ? field::Shown::null() : field::Shown(time->toString());
}

field::Errors commonErrors(const metav1::ObjectMeta& meta, const field::Path& path) {
    field::Errors errors = validateLabels(meta.labels, path.child("labels"));
    field::append(errors, validateAnnotations(meta.annotations, path.child("annotations")));
    field::append(errors, ownerReferencesErrors(meta.ownerReferences, path.child("ownerReferences")));
    return errors;
}

field::Errors qualifiedFinalizersErrors(const metav1::ObjectMeta& meta, const field::Path& path) {
    field::Errors errors;
    for (std::size_t i = 0; i < meta.finalizers.size(); ++i) field::append(errors, validateKubeFinalizerName(meta.finalizers[i], path.index(i)));
    return errors;
}

}  // namespace

field::Errors validateLabelKey(std::string_view key, const field::Path& path) {
    field::Errors errors;
    for (const auto& complaint : qualifiedNameErrors(key)) errors.push_back(field::invalid(path, key, complaint));
    return errors;
}

field::Errors validateLabels(const Map<std::string>& labels, const field::Path& path) {
    field::Errors errors;
    for (const auto& [key, value] : labels) {
        field::append(errors, validateLabelKey(key, path));
        for (const auto& complaint : labelValueErrors(value)) errors.push_back(field::invalid(path, value, complaint));
    }
    return errors;
}

field::Errors validateAnnotations(const Map<std::string>& annotations, const field::Path& path) {
    field::Errors errors;
    std::size_t size = 0;
    for (const auto& [key, value] : annotations) {
        std::string lower = key;
        std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
        for (const auto& complaint : qualifiedNameErrors(lower)) errors.push_back(field::invalid(path, key, complaint));
        size += key.size() + value.size();
    }
    if (size > kAnnotationsSize) errors.push_back(field::tooLong(path, kAnnotationsSize));
    return errors;
}

field::Errors validateFinalizerName(const std::string& name, const field::Path& path) {
    field::Errors errors;
    for (const auto& complaint : qualifiedNameErrors(name)) errors.push_back(field::invalid(path, name, complaint));
    return errors;
}

field::Errors validateLabelSelector(const metav1::LabelSelector* selector, const field::Path& path) {
    field::Errors errors;
    if (!selector) return errors;
    errors = validateLabels(selector->matchLabels, path.child("matchLabels"));
    for (std::size_t i = 0; i < selector->matchExpressions.size(); ++i) {
        const auto& expression = selector->matchExpressions[i];
        const field::Path at = path.child("matchExpressions").index(i);
        const std::string& op = expression.operator_;
        if (op == "In" || op == "NotIn") {
            if (expression.values.empty()) errors.push_back(field::required(at.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
        } else if (op == "Exists" || op == "DoesNotExist") {
            if (!expression.values.empty()) {
                errors.push_back(field::forbidden(at.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
            }
        } else {
            errors.push_back(field::invalid(at.child("operator"), op, "not a valid selector operator"));
        }
        field::append(errors, validateLabelKey(expression.key, at.child("key")));
        for (std::size_t v = 0; v < expression.values.size(); ++v) {
            for (const auto& complaint : labelValueErrors(expression.values[v])) {
                errors.push_back(field::invalid(at.child("values").index(v), expression.values[v], complaint));
            }
        }
    }
    return errors;
}

field::Errors validateNonNegative(std::int64_t value, const field::Path& path) {
    if (value >= 0) return {};
    return {field::invalid(path, value, "must be greater than or equal to 0")};
}

field::FieldError immutable(const field::Path& path, const field::Shown& value) { return field::invalid(path, value, kImmutable); }

field::Errors validateAnyMeta(const metav1::ObjectMeta& meta, bool namespaced, const NameRule& rule, const field::Path& path) {
    field::Errors errors;
    const auto check = [&](const std::string& name, bool isPrefix) { return rule ? rule(name, isPrefix) : nameAsSubdomainErrors(name, isPrefix); };
    if (!meta.generateName.empty()) {
        for (const auto& complaint : check(meta.generateName, true)) errors.push_back(field::invalid(path.child("generateName"), meta.generateName, complaint));
    }
    if (meta.name.empty()) {
        errors.push_back(field::required(path.child("name"), "name or generateName is required"));
    } else {
        for (const auto& complaint : check(meta.name, false)) errors.push_back(field::invalid(path.child("name"), meta.name, complaint));
    }
    if (namespaced) {
        if (meta.namespace_.empty()) {
            errors.push_back(field::required(path.child("namespace")));
        } else {
            for (const auto& complaint : dns1123LabelErrors(meta.namespace_)) errors.push_back(field::invalid(path.child("namespace"), meta.namespace_, complaint));
        }
    } else if (!meta.namespace_.empty()) {
        errors.push_back(field::forbidden(path.child("namespace"), "not allowed on this type"));
    }
    field::append(errors, validateNonNegative(meta.generation, path.child("generation")));
    field::append(errors, commonErrors(meta, path));
    field::append(errors, finalizersErrors(meta.finalizers, path.child("finalizers")));
    field::append(errors, managedFieldsErrors(meta.managedFields, path.child("managedFields")));
    return errors;
}

field::Errors validateAnyMetaUpdate(const metav1::ObjectMeta& now, const metav1::ObjectMeta& old, const field::Path& path) {
    field::Errors errors;
    if (old.deletionTimestamp) field::append(errors, newFinalizersErrors(now, old, path.child("finalizers")));
    if (now.resourceVersion.empty()) {
        errors.push_back(field::invalid(path.child("resourceVersion"), now.resourceVersion, "must be specified for an update"));
    }
    if (now.generation < old.generation) errors.push_back(field::invalid(path.child("generation"), now.generation, "must not be decremented"));
    if (now.name != old.name) errors.push_back(immutable(path.child("name"), now.name));
    if (now.namespace_ != old.namespace_) errors.push_back(immutable(path.child("namespace"), now.namespace_));
    if (now.uid != old.uid) errors.push_back(immutable(path.child("uid"), now.uid));
    if (now.creationTimestamp != old.creationTimestamp) errors.push_back(immutable(path.child("creationTimestamp"), shownTime(now.creationTimestamp)));
    if (now.deletionTimestamp != old.deletionTimestamp) errors.push_back(immutable(path.child("deletionTimestamp"), shownTime(now.deletionTimestamp)));
    if (now.deletionGracePeriodSeconds != old.deletionGracePeriodSeconds) {
        errors.push_back(immutable(path.child("deletionGracePeriodSeconds"),
                                   now.deletionGracePeriodSeconds ? field::Shown(*now.deletionGracePeriodSeconds) : field::Shown::null()));
    }
    field::append(errors, commonErrors(now, path));
    field::append(errors, managedFieldsErrors(now.managedFields, path.child("managedFields")));
    return errors;
}

field::Errors validateKubeFinalizerName(const std::string& name, const field::Path& path) {
    const bool standard = name == "kubernetes" || name == kOrphan || name == kForeground;
    if (name.find('/') != std::string::npos || standard) return {};
    return {field::invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified")};
}

field::Errors validateObjectMeta(const metav1::ObjectMeta& meta, bool namespaced, const NameRule& rule, const field::Path& path) {
    field::Errors errors = validateAnyMeta(meta, namespaced, rule, path);
    field::append(errors, qualifiedFinalizersErrors(meta, path.child("finalizers")));
    return errors;
}

field::Errors validateObjectMetaUpdate(const metav1::ObjectMeta& now, const metav1::ObjectMeta& old, const field::Path& path) {
    field::Errors errors = validateAnyMetaUpdate(now, old, path);
    field::append(errors, qualifiedFinalizersErrors(now, path.child("finalizers")));
    return errors;
}

void keepForStatusUpdate(metav1::ObjectMeta& now, const metav1::ObjectMeta& old) {
    now.deletionTimestamp = old.deletionTimestamp;
    now.generation = old.generation;
    now.selfLink = old.selfLink;
    now.labels = old.labels;
    now.annotations = old.annotations;
    now.finalizers = old.finalizers;
    now.ownerReferences = old.ownerReferences;
}

}  // namespace qd::api
