// The Node object: what is registered once and the status that is kept up to date. Pure.
// Source: https://kubernetes.io/docs/reference/node/node-status/.
#pragma once

#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"
#include "vmnodes/agent/cri/types.h"
#include "vmnodes/agent/node/machine.h"

namespace qd::agent::node {

struct NodeSettings {
    std::string name;
    std::vector<std::string> addresses;  // InternalIPs, the first is used
    int port = 10250;
    int mostPods = 110;
    // What the machine itself needs, and what is kept free so that eviction comes before the kernel's killer.
    std::int64_t reservedMilliCpu = 0;
    std::int64_t reservedMemory = 100LL << 20;
    std::string version = "v1.36.2";
};

struct Allocatable {
    std::int64_t milliCpu = 0;
    std::int64_t memory = 0;
    std::int64_t disk = 0;
};
Allocatable allocatableOf(const Machine& machine, const NodeSettings& settings);

struct NodeFindings {
    Pressure pressure;
    std::vector<cri::RuntimeCondition> runtime;  // empty: the runtime does not answer
    std::string runtimeVersion;                  // containerd://1.7.24
    bool networkConfigured = true;               // the Pod CIDR is known and the plugin is configured
    std::vector<corev1::ContainerImage> images;
    std::vector<std::string> volumesInUse;
};

// A Node to register: name, labels, annotations.
corev1::Node newNode(const NodeSettings& settings);
// Labels and annotations that the agent owns, put on a Node that is already there. Answers whether anything changed.
bool reconcileMetadata(const NodeSettings& settings, corev1::Node& node);
// Fills status from the findings. Conditions keep the time of their last transition; those of others stay.
void fillStatus(const NodeSettings& settings, const Machine& machine, const NodeFindings& findings, base::WallTime now,
                corev1::Node& node);
// Whether the statuses differ in more than heartbeat times.
bool differs(const corev1::NodeStatus& a, const corev1::NodeStatus& b);
bool isReady(const corev1::NodeStatus& status);

}  // namespace qd::agent::node
