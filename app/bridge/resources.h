// The kinds that the window watches.
#pragma once

#include "app/bridge/cluster_session.h"

namespace qd::bridge {

inline const Resource kNamespaces{"v1", "Namespace", "namespaces", false};
inline const Resource kNodes{"v1", "Node", "nodes", false};
inline const Resource kPods{"v1", "Pod", "pods", true};
inline const Resource kServices{"v1", "Service", "services", true};
inline const Resource kEvents{"v1", "Event", "events", true};
inline const Resource kDeployments{"apps/v1", "Deployment", "deployments", true};
inline const Resource kReplicaSets{"apps/v1", "ReplicaSet", "replicasets", true};
inline const Resource kEndpointSlices{"discovery.k8s.io/v1", "EndpointSlice", "endpointslices", true};

}  // namespace qd::bridge
