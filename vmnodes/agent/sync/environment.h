// The environment of a container: envFrom, env with valueFrom and $(NAME), and the variables of Services.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "vmnodes/agent/cluster_access.h"
#include "cluster/api/downward/downward_api.h"

namespace qd::agent::sync {

using Environment = std::map<std::string, std::string>;

// The variables that describe Services as they were before DNS: those of the Pod's namespace if it wants links, and
// always default/kubernetes. Source: https://kubernetes.io/docs/tutorials/services/connect-applications-service/.
Environment serviceEnvironment(const std::vector<std::shared_ptr<const corev1::Service>>& services,
                               const std::string& ns, bool links);

// Fails as kubelet words it (CreateContainerConfigError) when a reference cannot be resolved.
Result<Environment> containerEnvironment(const corev1::Pod& pod, const corev1::Container& container,
                                         const api::downward::DownwardFacts& facts, ClusterAccess& cluster);

}  // namespace qd::agent::sync
