// What a namespace that is being deleted says about how far it has come. Pure.
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ and the conditions' names in
// k8s.io/api core/v1.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::controllers {

// What one pass over all resources left.
struct NamespaceRemains {
    std::map<std::string, int> objects;     // "pods." (resource.group) -> how many are left
    std::map<std::string, int> finalizers;  // finalizer -> in how many objects
    std::vector<std::string> failures;
};

// Returns whether the status changed. beforeOthers: only Pods have been looked at so far, so that nothing is said of the rest.
bool setNamespaceConditions(corev1::NamespaceStatus& status, const NamespaceRemains& remains, bool beforeOthers, base::WallTime now);

}  // namespace qd::controllers
