// The arguments of plugins, as pluginConfig of a KubeSchedulerConfiguration has them, with upstream's defaults.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"

namespace qd::scheduler {

struct ResourceWeight {
    std::string name;
    std::int64_t weight = 1;
};

// A point of the line from utilisation (percent) to score (0 to 100).
struct ShapePoint {
    std::int64_t utilization = 0;
    std::int64_t score = 0;
};

struct FitArguments {
    enum class Strategy : std::uint8_t { LeastAllocated, MostAllocated, RequestedToCapacityRatio };
    std::set<std::string> ignoredResources = {};
    std::set<std::string> ignoredResourceGroups = {};  // what stands before the slash
    Strategy strategy = Strategy::LeastAllocated;
    std::vector<ResourceWeight> resources = {{"cpu", 1}, {"memory", 1}};
    std::vector<ShapePoint> shape = {};  // by utilisation
};

struct SpreadArguments {
    bool systemDefaults = true;
    std::vector<corev1::TopologySpreadConstraint> defaults = {};
};

struct PluginArguments {
    FitArguments fit = {};
    std::vector<ResourceWeight> balancedResources = {{"cpu", 1}, {"memory", 1}};
    SpreadArguments spread = {};
    std::int64_t hardPodAffinityWeight = 1;
    bool ignorePreferredTermsOfExistingPods = false;
    api::Box<corev1::NodeAffinity> addedAffinity = {};
    int minCandidateNodesPercentage = 10;
    int minCandidateNodesAbsolute = 100;
    std::int64_t bindTimeoutSeconds = 600;
};

}  // namespace qd::scheduler
