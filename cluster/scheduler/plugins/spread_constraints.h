// The topology spread constraints of a Pod, read and made ready for counting.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/types/apps_v1.h"
#include "cluster/client/typed.h"
#include "cluster/scheduler/config/plugin_arguments.h"
#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

struct SpreadConstraint {
    int maxSkew = 1;
    std::string topologyKey;
    api::LabelSelector selector;
    int minDomains = 1;
    bool honorAffinity = true;
    bool honorTaints = false;
    // Whether the selector takes a class of Pods, by the class's id; -1 where it was not asked yet.
    mutable std::vector<std::int8_t> takes = {};

    bool takesClass(const PodClass& podClass) const;
    // Pods of the namespace on the node that the selector takes and that are not terminating. An empty selector takes
    // none.
    int count(const NodeInfo& node, const std::string& ns) const;
    // Whether the node's Pods count for this Pod.
    bool includes(const NodeInfo& node, const corev1::Pod& pod) const;
};

// Those of the Pod's own constraints that say what to do like this ("DoNotSchedule", "ScheduleAnyway").
Result<std::vector<SpreadConstraint>> spreadConstraints(const corev1::Pod& pod, std::string_view whenUnsatisfiable);

// What is spread by when a Pod has no constraints of its own: softly over nodes and zones, or by what the profile says,
// among the Pods that the same Services and the same owner select. Empty when nothing selects the Pod.
class DefaultSpread {
public:
    explicit DefaultSpread(client::InformerFactory& informers, SpreadArguments arguments = {});
    Result<std::vector<SpreadConstraint>> of(const corev1::Pod& pod, std::string_view whenUnsatisfiable) const;
    // Upstream's own, which let nodes without the labels be.
    bool isSystems() const { return m_arguments.systemDefaults; }

private:
    Result<api::LabelSelector> selectorFor(const corev1::Pod& pod) const;

    const SpreadArguments m_arguments;
    std::vector<corev1::TopologySpreadConstraint> m_constraints;
    client::Informer& m_services;
    client::Lister<corev1::ReplicationController> m_replicationControllers;
    client::Lister<appsv1::ReplicaSet> m_replicaSets;
    client::Lister<appsv1::StatefulSet> m_statefulSets;
};

}  // namespace qd::scheduler
