#include "app/actions/places.h"

#include <algorithm>

#include "app/bridge/resources.h"

namespace qd::actions {

const QVector<Place>& places() {
    static const QString workloads = QStringLiteral("workloads");
    static const QString network = QStringLiteral("network");
    static const QString storage = QStringLiteral("storage");
    static const QString configuration = QStringLiteral("configuration");
    static const QString nodes = QStringLiteral("nodes");
    static const QVector<Place> all{
        {&bridge::kDeployments, workloads, workloads, true},
        {&bridge::kStatefulSets, workloads, workloads, true},
        {&bridge::kDaemonSets, workloads, workloads, true},
        {&bridge::kJobs, workloads, workloads, true},
        {&bridge::kCronJobs, workloads, workloads, true},
        {&bridge::kServices, network, network, true},
        {&bridge::kNodes, nodes, nodes, true},
        {&bridge::kClaims, storage, storage, true},
        {&bridge::kAutoscalers, workloads, QStringLiteral("scale"), true},
        {&bridge::kPods, workloads, QStringLiteral("pods"), true},
        {&bridge::kConfigMaps, configuration, configuration, true},
        {&bridge::kReplicaSets, workloads, workloads},
        {&bridge::kReplicationControllers, workloads, workloads},
        {&bridge::kDisruptionBudgets, workloads, workloads},
        {&bridge::kEndpointSlices, network, network},
        {&bridge::kIngresses, network, network},
        {&bridge::kIngressClasses, network, network},
        {&bridge::kNetworkPolicies, network, network},
        {&bridge::kVolumes, storage, storage},
        {&bridge::kStorageClasses, storage, storage},
        {&bridge::kVolumeAttachments, storage, storage},
        {&bridge::kSecrets, configuration, configuration},
        {&bridge::kNamespaces, configuration, configuration},
        {&bridge::kResourceQuotas, configuration, configuration},
        {&bridge::kLimitRanges, configuration, configuration},
        {&bridge::kPriorityClasses, configuration, configuration},
        {&bridge::kServiceAccounts, configuration, configuration},
        {&bridge::kRoles, configuration, configuration},
        {&bridge::kRoleBindings, configuration, configuration},
        {&bridge::kClusterRoles, configuration, configuration},
        {&bridge::kClusterRoleBindings, configuration, configuration},
        {&bridge::kSigningRequests, configuration, configuration},
    };
    return all;
}

const Place* placeOf(std::string_view kind) {
    const auto found = std::find_if(places().begin(), places().end(),
                                    [kind](const Place& place) { return place.resource->kind == kind; });
    return found == places().end() ? nullptr : &*found;
}

}  // namespace qd::actions
