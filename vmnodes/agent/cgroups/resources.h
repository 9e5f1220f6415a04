// Quality-of-service classes and what Kubernetes' resource requests and limits mean to cgroup v2. Pure functions.
//
// Sources: https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/, KEP-2254 (cgroup v2), KEP-2570 (memory QoS, off
// as upstream has it), the weight formula of opencontainers/cgroups since 1.3 (log-based) as runtimes apply it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cluster/api/types/core_v1.h"
#include "vmnodes/agent/cri/types.h"

namespace qd::agent::cgroups {

enum class QosClass { Guaranteed, Burstable, BestEffort };
const char* qosName(QosClass qos);  // as Pod.status.qosClass spells it

// The class that the resources of all init and regular containers give, or the Pod's own resources when it has them.
QosClass qosClass(const corev1::Pod& pod);

struct Amounts {
    std::int64_t milliCpu = 0;
    std::int64_t memory = 0;
    bool hasCpu = false;
    bool hasMemory = false;
};

// What the whole Pod requests: the sum of its containers and sidecars, or what one init container needs while it runs,
// whichever is more; plus overhead.
Amounts podRequests(const corev1::Pod& pod);
// What the whole Pod is limited to. An amount counts only when every container has a limit for it.
Amounts podLimits(const corev1::Pod& pod);

// cpu.shares of a request: 1 CPU is 1024, at least 2.
std::uint64_t cpuShares(std::int64_t milliCpu);
// CFS quota in microseconds of a period of 100 ms, at least 1 ms; 0 = unlimited.
std::int64_t cpuQuota(std::int64_t milliCpu);
inline constexpr std::int64_t kCpuPeriod = 100'000;
// cpu.weight (1..10000) for cpu.shares (2..262144).
std::uint64_t cpuWeight(std::uint64_t shares);

// oom_score_adj: -997 for Guaranteed and node-critical Pods, 1000 for BestEffort, between 3 and 999 for Burstable by
// how much of the node's memory the container requests.
int oomScoreAdjust(const corev1::Pod& pod, const corev1::Container& container, std::int64_t memoryCapacity);

// What the runtime is told of a container.
cri::Resources containerResources(const corev1::Pod& pod, const corev1::Container& container,
                                  std::int64_t memoryCapacity);

}  // namespace qd::agent::cgroups
