// All controllers of the cluster, by the names that kube-controller-manager gives them.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/volumes/provisioner.h"
#include "cluster/controllers/podautoscaler/metric_reader.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/resources.h"
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
    ResourceList resources = builtinResources;   // what namespaces are emptied of and the garbage collector watches
};

// One line a controller, in the order in which they are started.
std::vector<Descriptor> controllerDescriptors(const Options& options = {});

}  // namespace qd::controllers
