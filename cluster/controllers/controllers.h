// All controllers of the cluster, by the names that kube-controller-manager gives them.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/volumes/provisioner.h"
#include "cluster/base/pki/certificate.h"
#include "cluster/controllers/podautoscaler/metric_reader.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/resources.h"
#include "cluster/controllers/service_lb/load_balancers.h"
#include "cluster/controllers/serviceaccount_token/serviceaccount_token_controller.h"

namespace qd::controllers {

// What controllers must be told about this cluster.
struct Options {
    std::string rootCa;                          // PEM; what kube-root-ca.crt holds
    std::string clusterCidr = "10.244.0.0/16";   // Pods' addresses, split among the nodes
    int nodeMaskSize = 24;                       // of each node's part
    TokenMaker makeToken = {};                   // for Secrets of service accounts; without it they stay empty
    std::shared_ptr<const MetricReader> metrics = std::make_shared<UsageReader>(nullptr);  // what autoscalers go by
    api::volumes::Provisioners provisioners = {};  // that make volumes in this process
    base::Duration autoscalerPeriod = std::chrono::seconds(15);
    std::shared_ptr<const pki::Authority> authority = {};     // signs certificates; without it nobody does
    base::Duration certificateLife = std::chrono::hours(8760);  // the longest that it signs for
    std::shared_ptr<LoadBalancers> loadBalancers = {};        // without them Services of that type stay without an address
    ResourceList resources = builtinResources;   // what namespaces are emptied of and the garbage collector watches
};

// One line a controller, in the order in which they are started.
std::vector<Descriptor> controllerDescriptors(const Options& options = {});

// A controller of kube-controller-manager's that does not run here, and why.
struct AbsentController {
    std::string_view name;
    std::string_view alias;  // may be empty
    std::string_view reason;
};
const std::vector<AbsentController>& absentControllers();

// Whether a --controllers list can be served: each name is known (else upstream's words say so), and none asks for a controller
// that is absent. To leave one out that is absent anyway is fine.
Result<void> checkControllerList(const std::vector<std::string>& list, const Options& options = {});

}  // namespace qd::controllers
