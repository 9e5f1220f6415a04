// The explicit list of all plugins, and how a profile's framework is put together out of them.
#include <map>

#include "cluster/scheduler/config/configuration.h"
#include "cluster/scheduler/framework/handle.h"
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
#include "cluster/scheduler/plugins/node_volume_limits.h"
#include "cluster/scheduler/plugins/pod_topology_spread.h"
#include "cluster/scheduler/plugins/scheduling_gates.h"
#include "cluster/scheduler/plugins/taint_toleration.h"
#include "cluster/scheduler/plugins/volume_binding.h"
#include "cluster/scheduler/plugins/volume_restrictions.h"
#include "cluster/scheduler/plugins/volume_zone.h"

namespace qd::scheduler {
namespace {

using Made = std::unique_ptr<Plugin>;
using Arguments = PluginArguments;
using Maker = Made (*)(const Arguments& arguments, Handle& handle);

constexpr Point kPoints[] = {Point::PreEnqueue, Point::PreFilter, Point::Filter, Point::PostFilter, Point::PreScore,
                             Point::Score,      Point::Reserve,   Point::Permit, Point::PreBind,    Point::Bind};

struct Registered {
    Maker make;
    bool (*worksAt)(Point point);
};

template <typename T>
bool worksAt(Point point) {
    switch (point) {
        case Point::PreEnqueue:
            return std::is_base_of_v<PreEnqueuePlugin, T>;
        case Point::PreFilter:
            return std::is_base_of_v<PreFilterPlugin, T>;
        case Point::Filter:
            return std::is_base_of_v<FilterPlugin, T>;
        case Point::PostFilter:
            return std::is_base_of_v<PostFilterPlugin, T>;
        case Point::PreScore:
        case Point::Score:
            return std::is_base_of_v<ScorePlugin, T>;
        case Point::Reserve:
            return std::is_base_of_v<ReservePlugin, T>;
        case Point::Permit:
            return std::is_base_of_v<PermitPlugin, T>;
        case Point::PreBind:
            return std::is_base_of_v<PreBindPlugin, T>;
        case Point::Bind:
            return std::is_base_of_v<BindPlugin, T>;
    }
    return false;
}

template <typename T>
Registered made(Maker make) {
    return {make, worksAt<T>};
}

template <typename T>
Registered plain() {
    return made<T>([](const Arguments&, Handle&) -> Made { return std::make_unique<T>(); });
}

template <typename T>
Registered handled() {
    return made<T>([](const Arguments&, Handle& handle) -> Made { return std::make_unique<T>(handle); });
}

const std::map<std::string, Registered>& registered() {
    static const std::map<std::string, Registered> all = {
        {"DefaultBinder", made<DefaultBinder>([](const Arguments&, Handle& handle) -> Made {
             return std::make_unique<DefaultBinder>(handle.client());
         })},
        {"DefaultPreemption", made<DefaultPreemption>([](const Arguments& given, Handle& handle) -> Made {
             return std::make_unique<DefaultPreemption>(
                 handle, PreemptionOptions{given.minCandidateNodesPercentage, given.minCandidateNodesAbsolute});
         })},
        {"DynamicResources", plain<DynamicResources>()},
        {"ImageLocality", plain<ImageLocality>()},
        {"InterPodAffinity", made<InterPodAffinity>([](const Arguments& given, Handle& handle) -> Made {
             return std::make_unique<InterPodAffinity>(handle.informers(), given.hardPodAffinityWeight,
                                                       given.ignorePreferredTermsOfExistingPods);
         })},
        {"NodeAffinity", made<NodeAffinity>([](const Arguments& given, Handle&) -> Made {
             return std::make_unique<NodeAffinity>(given.addedAffinity);
         })},
        {"NodeName", plain<NodeName>()},
        {"NodePorts", plain<NodePorts>()},
        {"NodeResourcesBalancedAllocation",
         made<NodeResourcesBalancedAllocation>([](const Arguments& given, Handle&) -> Made {
             return std::make_unique<NodeResourcesBalancedAllocation>(given.balancedResources);
         })},
        {"NodeResourcesFit", made<NodeResourcesFit>([](const Arguments& given, Handle&) -> Made {
             return std::make_unique<NodeResourcesFit>(given.fit);
         })},
        {"NodeUnschedulable", plain<NodeUnschedulable>()},
        {"NodeVolumeLimits", handled<NodeVolumeLimits>()},
        {"PodTopologySpread", made<PodTopologySpread>([](const Arguments& given, Handle& handle) -> Made {
             return std::make_unique<PodTopologySpread>(handle.informers(), given.spread);
         })},
        {"SchedulingGates", plain<SchedulingGates>()},
        {"TaintToleration", plain<TaintToleration>()},
        {"VolumeBinding", made<VolumeBinding>([](const Arguments& given, Handle& handle) -> Made {
             return std::make_unique<VolumeBinding>(handle, std::chrono::seconds(given.bindTimeoutSeconds));
         })},
        {"VolumeRestrictions", handled<VolumeRestrictions>()},
        {"VolumeZone", handled<VolumeZone>()},
    };
    return all;
}

void forEachNamed(const ProfileConfiguration& profile, const std::function<void(const std::string&)>& call) {
    for (const auto& use : profile.multiPoint.enabled) call(use.name);
    for (const auto& [point, plugins] : profile.points) {
        for (const auto& use : plugins.enabled) call(use.name);
    }
}

}  // namespace

const std::set<std::string>& pluginNames() {
    static const std::set<std::string> names = [] {
        std::set<std::string> all;
        for (const auto& [name, plugin] : registered()) all.insert(name);
        return all;
    }();
    return names;
}

bool pluginWorksAt(const std::string& name, Point point) {
    return registered().at(name).worksAt(point);
}

std::unique_ptr<Framework> buildFramework(const ProfileConfiguration& profile, Handle& handle) {
    auto framework = std::make_unique<Framework>();
    framework->setPercentageOfNodesToScore(profile.percentageOfNodesToScore);
    std::map<std::string, Plugin*> plugins;
    forEachNamed(profile, [&](const std::string& name) {
        if (!plugins.contains(name))
            plugins[name] = &framework->own(registered().at(name).make(profile.arguments, handle));
    });
    for (const Point point : kPoints) {
        const auto worksThere = [&](const std::string& name) { return pluginWorksAt(name, point); };
        for (const auto& use : pluginsAt(point, profile, worksThere))
            framework->enable(*plugins.at(use.name), point, use.weight == 0 ? 1 : use.weight);
    }
    return framework;
}

}  // namespace qd::scheduler
