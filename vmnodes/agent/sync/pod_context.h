// What the workers of all Pods share: one set a node, owned by the composition root and outliving the workers.
#pragma once

#include <functional>

#include "cluster/base/executor.h"
#include "vmnodes/agent/cgroups/hierarchy.h"
#include "vmnodes/agent/cluster_access.h"
#include "vmnodes/agent/cri/runtime.h"
#include "vmnodes/agent/sync/container_config.h"
#include "vmnodes/agent/sync/image_puller.h"
#include "vmnodes/agent/volumes/volumes.h"

namespace qd::agent::sync {

// What is known of the node, for environment, downward API and limits.
struct NodeFacts {
    std::vector<std::string> hostIps;
    std::int64_t memoryCapacity = 0;
    std::int64_t allocatableMilliCpu = 0;
    std::int64_t allocatableMemory = 0;
};

enum class NodeCopy {
    Known,   // that is at hand
    Newest,  // as the API server has it now
};

// Probes of running containers. Thread-safe.
class ProbeSource {
public:
    virtual ~ProbeSource() = default;
    // Says what runs of a Pod now: probes of new containers begin, those of ended ones end.
    virtual void follow(const std::shared_ptr<const corev1::Pod>& pod, const Observed& observed) = 0;
    virtual void forget(const std::string& podUid) = 0;
    virtual ProbeTable verdicts(const std::string& podUid) = 0;
};

struct PodContext {
    cri::Runtime& runtime;
    ImagePuller& images;
    volumes::Volumes& volumes;
    cgroups::Hierarchy* cgroups;  // null: the runtime's own defaults (tests)
    ClusterAccess& cluster;
    EventSink& events;
    ProbeSource& probes;
    base::Executor& executor;
    std::string root = "/var/lib/kubelet";
    SandboxSettings sandbox;
    std::string containerLogLinks = "/var/log/containers";
    std::function<NodeFacts()> node;
    // The Node object that Pods are admitted by; null: not known yet. May ask the API server. Without it every Pod is taken.
    std::function<std::shared_ptr<const corev1::Node>(NodeCopy)> nodeObject = {};
};

}  // namespace qd::agent::sync
