#include "cluster/api/kinds/apps/workload.h"

#include <fmt/format.h>

#include <charconv>

#include "cluster/api/codec/json_text.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/core/pod_warnings.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/meta/selectors.h"

namespace qd::api {
field::Shown shownLabels(const Map<std::string>& labels) {
    if (labels.empty()) return field::Shown::null();
    std::string out = "{";
    for (const auto& [key, value] : labels) {
        if (out.size() > 1) out += ',';
        appendJsonString(out, key);
        out += ':';
        appendJsonString(out, value);
    }
    return field::Shown::raw(out + "}");
}

field::Shown shownIntOrString(const IntOrString& value) {
    return value.isString ? field::Shown(value.text) : field::Shown(value.number);
}

field::Errors workloadSelectorErrors(const metav1::LabelSelector* selector, const field::Path& path,
                                     const char* owner) {
    if (!selector) return {field::required(path)};
    field::Errors errors = validateLabelSelector(selector, path);
    if (selector->matchLabels.empty() && selector->matchExpressions.empty())
        errors.push_back(
            field::invalid(path, shown(*selector), fmt::format("empty selector is invalid for {}", owner)));
    return errors;
}

field::Errors selectedTemplateErrors(const corev1::PodTemplateSpec& pod, const metav1::LabelSelector* selector,
                                     const char* owner, const field::Path& specPath) {
    if (selector && !isReadable(*selector)) {
        return {field::invalid(specPath.child("selector"), shown(*selector), "invalid label selector")};
    }
    return replicaTemplateErrors(pod, selector, owner, specPath.child("template"));
}

bool isReadable(const metav1::LabelSelector& selector) {
    return validateLabelSelector(&selector, field::Path()).empty();
}

field::Errors templateLabelsErrors(const corev1::PodTemplateSpec& pod, const metav1::LabelSelector* selector,
                                   const field::Path& path) {
    // No selector matches no Pod; an empty one is told of where it stands.
    const auto parsed = selector ? LabelSelector::from(*selector) : LabelSelector::nothing();
    if (!parsed || parsed->empty() || parsed->matches(pod.metadata.labels)) return {};
    return {field::invalid(path.child("metadata", "labels"), shownLabels(pod.metadata.labels),
                           "`selector` does not match template `labels`")};
}

field::Errors alwaysRestartsErrors(const corev1::PodSpec& pod, const char* owner, const field::Path& path) {
    field::Errors errors;
    if (pod.restartPolicy != "Always")
        errors.push_back(field::notSupported(path.child("restartPolicy"), pod.restartPolicy, {"Always"}));
    if (pod.activeDeadlineSeconds) {
        errors.push_back(field::forbidden(path.child("activeDeadlineSeconds"),
                                          fmt::format("activeDeadlineSeconds in {} is not Supported", owner)));
    }
    return errors;
}

field::Errors replicaTemplateErrors(const corev1::PodTemplateSpec& pod, const metav1::LabelSelector* selector,
                                    const char* owner, const field::Path& path) {
    field::Errors errors = templateLabelsErrors(pod, selector, path);
    field::append(errors, podTemplateErrors(pod, path));
    field::append(errors, alwaysRestartsErrors(pod.spec, owner, path.child("spec")));
    return errors;
}

field::Errors intOrPercentErrors(const IntOrString& value, const field::Path& path) {
    if (!value.isString) return validateNonNegative(value.number, path);
    return complaintErrors(path, value.text, percentErrors(value.text));
}

std::int32_t intOrPercentValue(const IntOrString& value) {
    if (!value.isString) return value.number;
    std::int32_t number = 0;
    std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);
    const bool whole = percentErrors(value.text).empty() || std::to_string(number) == value.text;
    return whole ? number : 0;
}

field::Errors atMostHundredPercentErrors(const IntOrString& value, const field::Path& path) {
    if (!value.isString || !percentErrors(value.text).empty() || intOrPercentValue(value) <= 100) return {};
    return {field::invalid(path, value.text, "must not be greater than 100%")};
}

std::vector<std::string> podNameWarnings(const std::string& name) {
    const auto complaints = dns1123LabelErrors(name);
    if (complaints.empty()) return {};
    return {
        fmt::format("metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
                    "a DNS label is recommended: [{}]",
                    fmt::join(complaints, " "))};
}

std::vector<std::string> writtenTemplateWarnings(const Object& now, const Object* old,
                                                 const corev1::PodTemplateSpec& pod, const field::Path& path) {
    if (old && now.metadata.generation == old->metadata.generation) return {};
    return podTemplateWarnings(pod, path);
}

field::Errors atMostReplicasErrors(std::int32_t count, std::int32_t replicas, const field::Path& path) {
    if (count <= replicas) return {};
    return {field::invalid(path, count, "cannot be greater than status.replicas")};
}

field::Errors collisionCountErrors(const std::optional<std::int32_t>& now, const std::optional<std::int32_t>& old,
                                   const field::Path& path) {
    if (!old || now.value_or(0) >= *old) return {};
    return {field::invalid(path, now.value_or(0), "cannot be decremented")};
}

field::Errors replicaCountsErrors(const ReplicaCounts& counts, const field::Path& path) {
    field::Errors errors = atMostReplicasErrors(counts.ready, counts.replicas, path.child("readyReplicas"));
    field::append(errors, atMostReplicasErrors(counts.available, counts.replicas, path.child("availableReplicas")));
    if (counts.available > counts.ready)
        errors.push_back(
            field::invalid(path.child("availableReplicas"), counts.available, "cannot be greater than readyReplicas"));
    return errors;
}

}  // namespace qd::api
