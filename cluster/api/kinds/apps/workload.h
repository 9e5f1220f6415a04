// What Deployments, ReplicaSets and their like have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/api/field/path.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/values.h"

namespace qd::api {

// A selector that a workload must have and that may not match everything. `owner` is named in a message: "deployment".
field::Errors workloadSelectorErrors(const metav1::LabelSelector* selector, const field::Path& path,
                                     const char* owner = "deployment");
// Whether a selector can be matched: upstream reads none whose keys or values are faulty.
bool isReadable(const metav1::LabelSelector& selector);
// A selector, where there is one, and that the template's labels match it.
field::Errors templateLabelsErrors(const corev1::PodTemplateSpec& pod, const metav1::LabelSelector* selector,
                                   const field::Path& path);
// Pods that are replaced for ever always restart and have no deadline.
field::Errors alwaysRestartsErrors(const corev1::PodSpec& pod, const char* owner, const field::Path& path);
// The template of Pods that are replaced for ever: its labels match the selector and its Pods always restart. `owner`
// is named in a message: "ReplicaSet".
field::Errors replicaTemplateErrors(const corev1::PodTemplateSpec& pod, const metav1::LabelSelector* selector,
                                    const char* owner, const field::Path& path);
// The same, or that the selector cannot be read: then it matches nothing that could be compared.
field::Errors selectedTemplateErrors(const corev1::PodTemplateSpec& pod, const metav1::LabelSelector* selector,
                                     const char* owner, const field::Path& specPath);
field::Errors intOrPercentErrors(const IntOrString& value, const field::Path& path);
field::Errors atMostHundredPercentErrors(const IntOrString& value, const field::Path& path);
// The number, or the percentage as a number.
std::int32_t intOrPercentValue(const IntOrString& value);
field::Shown shownIntOrString(const IntOrString& value);
field::Shown shownLabels(const Map<std::string>& labels);
// Warnings about the Pod template of an object that is created or whose generation is counted up.
std::vector<std::string> writtenTemplateWarnings(const Object& now, const Object* old,
                                                 const corev1::PodTemplateSpec& pod, const field::Path& path);
// A warning where a name is no DNS label though it becomes part of Pods' names.
std::vector<std::string> podNameWarnings(const std::string& name);

struct ReplicaCounts {
    std::int32_t replicas = 0;
    std::int32_t ready = 0;
    std::int32_t available = 0;
};
// How often names collided is only ever counted up.
field::Errors collisionCountErrors(const std::optional<std::int32_t>& now, const std::optional<std::int32_t>& old,
                                   const field::Path& path);
// None is more than all; the available are among the ready.
field::Errors replicaCountsErrors(const ReplicaCounts& counts, const field::Path& path);
field::Errors atMostReplicasErrors(std::int32_t count, std::int32_t replicas, const field::Path& path);

}  // namespace qd::api
