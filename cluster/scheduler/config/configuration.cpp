#include "cluster/scheduler/config/configuration.h"

#include <algorithm>

namespace qd::scheduler {

PluginSet defaultPlugins() {
    return {.enabled = {{"SchedulingGates"},
                        {"NodeUnschedulable"},
                        {"NodeName"},
                        {"TaintToleration", 3},
                        {"NodeAffinity", 2},
                        {"NodePorts"},
                        {"NodeResourcesFit", 1},
                        {"VolumeRestrictions"},
                        {"NodeVolumeLimits"},
                        {"VolumeBinding"},
                        {"VolumeZone"},
                        {"PodTopologySpread", 2},
                        {"InterPodAffinity", 2},
                        {"DynamicResources"},
                        {"DefaultPreemption"},
                        {"NodeResourcesBalancedAllocation", 1},
                        {"ImageLocality", 1},
                        {"DefaultBinder"}},
            .disabled = {}};
}

ProfileConfiguration defaultProfile() {
    ProfileConfiguration profile;
    profile.multiPoint = defaultPlugins();
    return profile;
}

Configuration defaultConfiguration() {
    Configuration configuration;
    configuration.profiles.push_back(defaultProfile());
    return configuration;
}

std::vector<PluginUse> pluginsAt(Point point, const ProfileConfiguration& profile,
                                 const std::function<bool(const std::string&)>& worksThere) {
    static const PluginSet nothing;
    const auto found = profile.points.find(point);
    const PluginSet& here = found == profile.points.end() ? nothing : found->second;
    const auto isNamed = [&](const std::string& name) {
        return std::ranges::find(here.enabled, name, &PluginUse::name) != here.enabled.end();
    };
    std::vector<PluginUse> common;
    std::set<std::string> overridden;
    if (!here.disabled.contains("*")) {
        for (const auto& use : profile.multiPoint.enabled) {
            if (here.disabled.contains(use.name) || !worksThere(use.name)) continue;
            if (isNamed(use.name)) {
                overridden.insert(use.name);
            } else {
                common.push_back(use);
            }
        }
    }
    // First those that are named here and everywhere, then those that are named everywhere, then those that are named
    // here alone.
    std::vector<PluginUse> uses;
    std::ranges::copy_if(here.enabled, std::back_inserter(uses),
                         [&](const auto& use) { return overridden.contains(use.name); });
    std::ranges::move(common, std::back_inserter(uses));
    std::ranges::copy_if(here.enabled, std::back_inserter(uses),
                         [&](const auto& use) { return !overridden.contains(use.name); });
    return uses;
}

}  // namespace qd::scheduler
