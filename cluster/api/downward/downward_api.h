// The downward API: what a Pod may learn of itself, as text. Pure.
// Source: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/result.h"

namespace qd::api::downward {

struct DownwardFacts {
    std::vector<std::string> podIps;
    std::vector<std::string> hostIps;
    // What a container without a limit may use: the node's allocatable amounts.
    std::int64_t allocatableMilliCpu = 0;
    std::int64_t allocatableMemory = 0;
};

// The value of a fieldPath such as metadata.labels['app'].
Result<std::string> fieldValue(const corev1::Pod& pod, const std::string& fieldPath, const DownwardFacts& facts);
// The value of requests.cpu, limits.memory and so on, divided by the divisor and rounded up.
Result<std::string> resourceValue(const corev1::Pod& pod, const corev1::Container& container,
                                  const corev1::ResourceFieldSelector& selector, const DownwardFacts& facts);

}  // namespace qd::api::downward
