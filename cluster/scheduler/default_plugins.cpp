#include "cluster/scheduler/default_plugins.h"

#include "cluster/scheduler/plugins/default_binder.h"
#include "cluster/scheduler/plugins/default_preemption.h"
#include "cluster/scheduler/plugins/dynamic_resources.h"
#include "cluster/scheduler/plugins/image_locality.h"
#include "cluster/scheduler/plugins/inter_pod_affinity.h"
#include "cluster/scheduler/plugins/node_affinity.h"
#include "cluster/scheduler/plugins/node_name.h"
#include "cluster/scheduler/plugins/node_ports.h"
#include "cluster/scheduler/plugins/node_resources_balanced_allocation.h"
#include "cluster/scheduler/plugins/node_resources_fit.h"
#include "cluster/scheduler/plugins/node_unschedulable.h"
#include "cluster/scheduler/plugins/pod_topology_spread.h"
#include "cluster/scheduler/plugins/scheduling_gates.h"
#include "cluster/scheduler/plugins/taint_toleration.h"

namespace qd::scheduler {

std::unique_ptr<Framework> defaultFramework(client::Client& client, client::InformerFactory& informers) {
    auto framework = std::make_unique<Framework>();
    framework->add(std::make_unique<SchedulingGates>());
    framework->add(std::make_unique<NodeUnschedulable>());
    framework->add(std::make_unique<NodeName>());
    framework->add(std::make_unique<TaintToleration>(), 3);
    framework->add(std::make_unique<NodeAffinity>(), 2);
    framework->add(std::make_unique<NodePorts>());
    framework->add(std::make_unique<NodeResourcesFit>(), 1);
    framework->add(std::make_unique<PodTopologySpread>(informers), 2);
    framework->add(std::make_unique<InterPodAffinity>(informers), 2);
    framework->add(std::make_unique<DynamicResources>());
    framework->add(std::make_unique<DefaultPreemption>());
    framework->add(std::make_unique<NodeResourcesBalancedAllocation>(), 1);
    framework->add(std::make_unique<ImageLocality>(), 1);
    framework->add(std::make_unique<DefaultBinder>(client));
    return framework;
}

}  // namespace qd::scheduler
