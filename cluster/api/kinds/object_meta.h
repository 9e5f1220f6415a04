// Rules for metadata that all kinds share. Source: apimachinery's api/validation/objectmeta.go and
// https://kubernetes.io/docs/concepts/overview/working-with-objects/.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/field/path.h"
#include "cluster/api/object.h"

namespace qd::api {

// What is wrong with a name, each in upstream's words; empty when nothing is.
using NameRule = std::function<std::vector<std::string>(const std::string& name, bool isPrefix)>;

// What holds for every object, custom resources too. rule: null for a DNS subdomain.
field::Errors validateAnyMeta(const metav1::ObjectMeta& meta, bool namespaced, const NameRule& rule, const field::Path& path);
field::Errors validateAnyMetaUpdate(const metav1::ObjectMeta& now, const metav1::ObjectMeta& old, const field::Path& path);
// The same and that finalizers have a group; most built-in kinds ask for that in their own validation.
field::Errors validateObjectMeta(const metav1::ObjectMeta& meta, bool namespaced, const NameRule& rule, const field::Path& path);
field::Errors validateObjectMetaUpdate(const metav1::ObjectMeta& now, const metav1::ObjectMeta& old, const field::Path& path);

// Parts of it that other fields need too: Pod templates, selectors.
field::Errors validateLabelKey(std::string_view key, const field::Path& path);
field::Errors validateLabels(const Map<std::string>& labels, const field::Path& path);
field::Errors validateAnnotations(const Map<std::string>& annotations, const field::Path& path);
field::Errors validateFinalizerName(const std::string& name, const field::Path& path);
// Null is fine: whether a selector is needed is for the caller to say.
field::Errors validateLabelSelector(const metav1::LabelSelector* selector, const field::Path& path);
field::Errors validateKubeFinalizerName(const std::string& name, const field::Path& path);
field::Errors validateNonNegative(std::int64_t value, const field::Path& path);
field::FieldError immutable(const field::Path& path, const field::Shown& value);

// Puts back what an update of the status of some kinds (those that reset metadata) must not change.
void keepForStatusUpdate(metav1::ObjectMeta& now, const metav1::ObjectMeta& old);

}  // namespace qd::api
