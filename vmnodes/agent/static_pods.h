// Pods out of files: every *.json, *.yaml and *.yml of a folder is a Pod of this node.
// Source: https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/result.h"

namespace qd::agent {

// The Pod that a file describes, with the name suffix, uid, node and annotations of a static Pod, and what the API
// server would have defaulted.
Result<std::shared_ptr<const corev1::Pod>> staticPod(const std::string& text, const std::string& nodeName);

// All Pods of the folder; files that are none are logged and left out.
std::vector<std::shared_ptr<const corev1::Pod>> readStaticPods(const std::string& folder, const std::string& nodeName);

}  // namespace qd::agent
