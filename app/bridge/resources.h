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
inline const Resource kStatefulSets{"apps/v1", "StatefulSet", "statefulsets", true};
inline const Resource kDaemonSets{"apps/v1", "DaemonSet", "daemonsets", true};
inline const Resource kReplicationControllers{"v1", "ReplicationController", "replicationcontrollers", true};
inline const Resource kControllerRevisions{"apps/v1", "ControllerRevision", "controllerrevisions", true};
inline const Resource kJobs{"batch/v1", "Job", "jobs", true};
inline const Resource kCronJobs{"batch/v1", "CronJob", "cronjobs", true};
inline const Resource kAutoscalers{"autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true};
inline const Resource kDisruptionBudgets{"policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", true};

inline const Resource kEndpointSlices{"discovery.k8s.io/v1", "EndpointSlice", "endpointslices", true};
inline const Resource kEndpoints{"v1", "Endpoints", "endpoints", true};
inline const Resource kIngresses{"networking.k8s.io/v1", "Ingress", "ingresses", true};
inline const Resource kIngressClasses{"networking.k8s.io/v1", "IngressClass", "ingressclasses", false};
inline const Resource kNetworkPolicies{"networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", true};

inline const Resource kClaims{"v1", "PersistentVolumeClaim", "persistentvolumeclaims", true};
inline const Resource kVolumes{"v1", "PersistentVolume", "persistentvolumes", false};
inline const Resource kStorageClasses{"storage.k8s.io/v1", "StorageClass", "storageclasses", false};
inline const Resource kVolumeAttachments{"storage.k8s.io/v1", "VolumeAttachment", "volumeattachments", false};

inline const Resource kConfigMaps{"v1", "ConfigMap", "configmaps", true};
inline const Resource kSecrets{"v1", "Secret", "secrets", true};
inline const Resource kServiceAccounts{"v1", "ServiceAccount", "serviceaccounts", true};
inline const Resource kResourceQuotas{"v1", "ResourceQuota", "resourcequotas", true};
inline const Resource kLimitRanges{"v1", "LimitRange", "limitranges", true};
inline const Resource kPriorityClasses{"scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", false};
inline const Resource kRoles{"rbac.authorization.k8s.io/v1", "Role", "roles", true};
inline const Resource kRoleBindings{"rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", true};
inline const Resource kClusterRoles{"rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false};
inline const Resource kClusterRoleBindings{"rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings",
                                           false};
inline const Resource kSigningRequests{"certificates.k8s.io/v1", "CertificateSigningRequest",
                                       "certificatesigningrequests", false};

}  // namespace qd::bridge
