// How a scheduler is set up: its profiles, which plugins they have, and with what arguments. What upstream's
// KubeSchedulerConfiguration says (https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/), worked
// out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cluster/scheduler/config/plugin_arguments.h"
#include "cluster/scheduler/framework/framework.h"
#include "cluster/scheduler/scheduling_queue.h"

namespace qd::scheduler {

class Handle;

struct PluginUse {
    std::string name;
    std::int64_t weight = 0;  // 0: not given
};

struct PluginSet {
    std::vector<PluginUse> enabled = {};
    std::set<std::string> disabled = {};  // "*": all
};

struct ProfileConfiguration {
    std::string schedulerName = "default-scheduler";
    int percentageOfNodesToScore = 0;  // 0: the adaptive figure
    PluginSet multiPoint = {};         // at all points that they can
    std::map<Point, PluginSet> points = {};
    PluginArguments arguments = {};
};

struct Configuration {
    std::vector<ProfileConfiguration> profiles;
    BackoffTimes backoff = {};
};

// The plugins of upstream's default profile, in its order and with its weights.
PluginSet defaultPlugins();
ProfileConfiguration defaultProfile();
Configuration defaultConfiguration();
// The names of all plugins there are.
const std::set<std::string>& pluginNames();
// Of one of those. What works at Score works at PreScore.
bool pluginWorksAt(const std::string& name, Point point);

// What is enabled at a point: a plugin that is named there goes by that, the others come from multiPoint.
std::vector<PluginUse> pluginsAt(Point point, const ProfileConfiguration& profile,
                                 const std::function<bool(const std::string&)>& worksThere);

std::unique_ptr<Framework> buildFramework(const ProfileConfiguration& profile, Handle& handle);

}  // namespace qd::scheduler
