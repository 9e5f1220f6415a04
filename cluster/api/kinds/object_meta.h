// Rules for metadata that all kinds share. Source: apimachinery's api/validation/objectmeta.go and
// https://kubernetes.io/docs/concepts/overview/working-with-objects/.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cluster/api/field/path.h"
#include "cluster/api/object.h"

namespace qd::api {

// What is wrong with a name, each in upstream's words; empty when nothing is.
using NameRule = std::function<std::vector<std::string>(const std::string& name, bool isPrefix)>;

// rule: null for a DNS subdomain.
field::Errors validateObjectMeta(const metav1::ObjectMeta& meta, bool namespaced, const NameRule& rule, const field::Path& path);
field::Errors validateObjectMetaUpdate(const metav1::ObjectMeta& now, const metav1::ObjectMeta& old, const field::Path& path);

// What an update of /status must not change in metadata.
void keepForStatusUpdate(metav1::ObjectMeta& now, const metav1::ObjectMeta& old);

}  // namespace qd::api
