#include "cluster/scheduler/config/arguments_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/codec/json_tree.h"
#include "cluster/scheduler/config/configuration.h"

namespace qd::scheduler {
namespace {

namespace field = api::field;
using Value = boost::json::value;

constexpr std::int64_t kMostWeight = 100;
constexpr std::int64_t kMostShapeScore = 10;  // as it is written
constexpr std::int64_t kShapeScale = 10;      // to kMaxScore

bool isBetween(std::int64_t value, std::int64_t least, std::int64_t most) {
    return least <= value && value <= most;
}

// A value of an API type.
template <typename T>
void decode(const Value& value, const field::Path& path, T& into, Problems& problems) {
    std::vector<std::string> strict;
    if (auto done = api::fromTree(value, T::kDescriptor, &into, &strict); !done)
        problems.errors.push_back(field::typeInvalid(path, field::Shown::null(), done.error().message));
    for (const auto& each : strict) {
        // unknown field "name"
        const auto quote = each.find('"');
        problems.unknown.push_back(path.child(each.substr(quote + 1, each.rfind('"') - quote - 1)).text());
    }
}

std::vector<ResourceWeight> readResources(Fields& fields, std::vector<ResourceWeight> otherwise,
                                          std::int64_t mostWeight) {
    std::vector<ResourceWeight> resources;
    auto& problems = fields.problems();
    fields.each("resources", [&](const Value& each, const field::Path& at) {
        ResourceWeight resource;
        Fields entry(each, at, problems);
        entry.read("name", resource.name);
        entry.read("weight", resource.weight);
        if (resource.weight == 0) resource.weight = 1;
        if (resource.name.empty()) problems.errors.push_back(field::required(at.child("name")));
        if (!isBetween(resource.weight, 1, mostWeight)) {
            problems.errors.push_back(field::invalid(
                at.child("weight"), resource.weight,
                fmt::format("resource weight of {} not in valid range [1, {}]", resource.name, mostWeight)));
        }
        resources.push_back(std::move(resource));
    });
    return resources.empty() ? otherwise : resources;
}

void readShape(Fields& fields, std::vector<ShapePoint>& shape) {
    auto& errors = fields.problems().errors;
    fields.each("shape", [&](const Value& each, const field::Path& at) {
        ShapePoint point;
        Fields entry(each, at, fields.problems());
        entry.read("utilization", point.utilization);
        entry.read("score", point.score);
        if (!isBetween(point.utilization, 0, 100))
            errors.push_back(field::invalid(at.child("utilization"), point.utilization, "not in valid range [0-100]"));
        if (!isBetween(point.score, 0, kMostShapeScore))
            errors.push_back(field::invalid(at.child("score"), point.score,
                                            fmt::format("not in valid range [0-{}]", kMostShapeScore)));
        if (!shape.empty() && point.utilization <= shape.back().utilization) {
            errors.push_back(field::invalid(at.child("utilization"), point.utilization,
                                            "utilization values must be sorted in increasing order"));
        }
        point.score *= kShapeScale;
        shape.push_back(point);
    });
    if (shape.empty()) errors.push_back(field::required(fields.at("shape"), "at least one point must be specified"));
}

void readStrategy(const Value& value, const field::Path& path, FitArguments& fit, Problems& problems) {
    Fields fields(value, path, problems);
    std::string type = "LeastAllocated";
    fields.read("type", type);
    fit.resources = readResources(fields, fit.resources, kMostWeight);
    const auto* ratio = fields.member("requestedToCapacityRatio");
    if (type == "MostAllocated") {
        fit.strategy = FitArguments::Strategy::MostAllocated;
    } else if (type == "RequestedToCapacityRatio") {
        fit.strategy = FitArguments::Strategy::RequestedToCapacityRatio;
        const Value empty = boost::json::object();
        Fields line(ratio ? *ratio : empty, fields.at("requestedToCapacityRatio"), problems);
        readShape(line, fit.shape);
    } else if (type != "LeastAllocated") {
        problems.errors.push_back(field::notSupported(fields.at("type"), type,
                                                      {"LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"}));
    }
}

void readFit(Fields& fields, PluginArguments& into) {
    fields.read("ignoredResources", into.fit.ignoredResources);
    fields.read("ignoredResourceGroups", into.fit.ignoredResourceGroups);
    for (const auto& group : into.fit.ignoredResourceGroups) {
        if (group.find('/') != std::string::npos)
            fields.problems().errors.push_back(
                field::invalid(fields.at("ignoredResourceGroups"), group, "resource group name can't contain '/'"));
    }
    if (const auto* strategy = fields.member("scoringStrategy"))
        readStrategy(*strategy, fields.at("scoringStrategy"), into.fit, fields.problems());
}

void checkConstraint(const corev1::TopologySpreadConstraint& constraint, const field::Path& at, field::Errors& errors) {
    if (constraint.maxSkew <= 0)
        errors.push_back(field::invalid(at.child("maxSkew"), constraint.maxSkew, "not in valid range (0, inf)"));
    if (constraint.topologyKey.empty()) errors.push_back(field::required(at.child("topologyKey"), "can not be empty"));
    if (constraint.whenUnsatisfiable != "DoNotSchedule" && constraint.whenUnsatisfiable != "ScheduleAnyway") {
        errors.push_back(field::notSupported(at.child("whenUnsatisfiable"), constraint.whenUnsatisfiable,
                                             {"DoNotSchedule", "ScheduleAnyway"}));
    }
    if (constraint.labelSelector)
        errors.push_back(field::forbidden(at.child("labelSelector"),
                                          "constraint must not define a selector, as they deduced for each pod"));
}

void readSpread(Fields& fields, PluginArguments& into) {
    auto& problems = fields.problems();
    std::string type = "System";
    fields.read("defaultingType", type);
    if (type != "System" && type != "List")
        problems.errors.push_back(field::notSupported(fields.at("defaultingType"), type, {"List", "System"}));
    into.spread.systemDefaults = type == "System";
    fields.each("defaultConstraints", [&](const Value& each, const field::Path& at) {
        corev1::TopologySpreadConstraint constraint;
        decode(each, at, constraint, problems);
        checkConstraint(constraint, at, problems.errors);
        into.spread.defaults.push_back(std::move(constraint));
    });
    if (into.spread.systemDefaults && !into.spread.defaults.empty()) {
        problems.errors.push_back(
            field::invalid(fields.at("defaultingType"), type, "when .defaultConstraints are not empty"));
    }
}

void readInterPodAffinity(Fields& fields, PluginArguments& into) {
    fields.read("hardPodAffinityWeight", into.hardPodAffinityWeight);
    fields.read("ignorePreferredTermsOfExistingPods", into.ignorePreferredTermsOfExistingPods);
    if (!isBetween(into.hardPodAffinityWeight, 0, 100)) {
        fields.problems().errors.push_back(field::invalid(fields.at("hardPodAffinityWeight"),
                                                          into.hardPodAffinityWeight, "not in valid range [0-100]"));
    }
}

void readPreemption(Fields& fields, PluginArguments& into) {
    auto& errors = fields.problems().errors;
    fields.read("minCandidateNodesPercentage", into.minCandidateNodesPercentage);
    fields.read("minCandidateNodesAbsolute", into.minCandidateNodesAbsolute);
    if (!isBetween(into.minCandidateNodesPercentage, 0, 100)) {
        errors.push_back(field::invalid(fields.at("minCandidateNodesPercentage"), into.minCandidateNodesPercentage,
                                        "not in valid range [0, 100]"));
    }
    if (into.minCandidateNodesAbsolute < 0)
        errors.push_back(field::invalid(fields.at("minCandidateNodesAbsolute"), into.minCandidateNodesAbsolute,
                                        "not in valid range [0, inf)"));
    if (into.minCandidateNodesPercentage == 0 && into.minCandidateNodesAbsolute == 0) {
        errors.push_back(field::invalid(fields.at("minCandidateNodesPercentage"), 0,
                                        "cannot be zero at the same time as minCandidateNodesAbsolute"));
    }
}

void readNodeAffinity(Fields& fields, PluginArguments& into) {
    if (const auto* added = fields.member("addedAffinity"))
        decode(*added, fields.at("addedAffinity"), into.addedAffinity.emplace(), fields.problems());
}

void readVolumeBinding(Fields& fields, PluginArguments& into) {
    fields.read("bindTimeoutSeconds", into.bindTimeoutSeconds);
    fields.ignore("shape");  // scores by capacity, which is off by default
    if (into.bindTimeoutSeconds < 0) {
        fields.problems().errors.push_back(
            field::invalid(fields.at("bindTimeoutSeconds"), into.bindTimeoutSeconds,
                           "invalid BindTimeoutSeconds, should not be a negative value"));
    }
}

}  // namespace

void readArguments(const std::string& plugin, const Value& value, const field::Path& path, PluginArguments& into,
                   Problems& problems) {
    Fields fields(value, path, problems);
    fields.ignore("apiVersion");
    fields.ignore("kind");
    if (plugin == "NodeResourcesFit") return readFit(fields, into);
    if (plugin == "NodeResourcesBalancedAllocation") {
        into.balancedResources = readResources(fields, into.balancedResources, 1);
        return;
    }
    if (plugin == "PodTopologySpread") return readSpread(fields, into);
    if (plugin == "InterPodAffinity") return readInterPodAffinity(fields, into);
    if (plugin == "DefaultPreemption") return readPreemption(fields, into);
    if (plugin == "NodeAffinity") return readNodeAffinity(fields, into);
    if (plugin == "VolumeBinding") return readVolumeBinding(fields, into);
    if (!pluginNames().contains(plugin))
        problems.errors.push_back(field::invalid(path, plugin, "there is no such plugin"));
}

}  // namespace qd::scheduler
