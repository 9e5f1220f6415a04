#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/quota/evaluator.h"

namespace qd::api {
namespace {

using corev1::Pod;
using corev1::PodSpec;

constexpr std::string_view kRequests = "requests.";

// Requests of these are counted under their own name, under "requests." and as limits.
constexpr std::string_view kCompute[] = {"cpu", "memory", "ephemeral-storage"};

bool isCountedName(std::string_view name) {
    if (name == "pods" || name == "count/pods" || isHugePages(name) || name.starts_with("requests.hugepages-")) return true;
    for (const std::string_view resource : kCompute) {
        if (name == resource || name == fmt::format("requests.{}", resource) || name == fmt::format("limits.{}", resource)) return true;
    }
    if (!name.starts_with(kRequests)) return false;
    const bool isNative = name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos;
    return !isNative || name.starts_with("requests.deviceclass.resource.kubernetes.io/");
}

Quantities computeUsage(const Quantities& requests, const Quantities& limits) {
    Quantities used = {{"pods", Quantity(1)}};
    for (const auto& [name, amount] : requests) {
        const bool isCompute = std::find(std::begin(kCompute), std::end(kCompute), name) != std::end(kCompute);
        if (isCompute || isHugePages(name)) used.insert_or_assign(name, amount);
        if (isCompute || isHugePages(name) || isExtendedResource(name)) used.insert_or_assign(std::string(kRequests) + name, amount);
    }
    for (const std::string_view name : kCompute) {
        if (const auto limit = limits.find(name); limit != limits.end()) used.insert_or_assign(fmt::format("limits.{}", name), limit->second);
    }
    return used;
}

// What the sandbox takes comes on top; of limits only where there is one.
Quantities allRequests(const Pod& pod) { return sum(podRequestsNow(pod), pod.spec.overhead); }
Quantities allLimits(const Pod& pod) {
    const Quantities limits = podLimitsNow(pod);
    return sum(limits, masked(pod.spec.overhead, namesOf(withoutZeros(limits))));
}

bool hasPodResources(const PodSpec& spec) {
    const auto any = [](const Quantities& amounts) { return std::any_of(amounts.begin(), amounts.end(), [](const auto& each) { return isPodLevelResource(each.first); }); };
    return spec.resources && (any(spec.resources->requests) || any(spec.resources->limits));
}

bool hasDeadline(const Pod& pod) { return pod.spec.activeDeadlineSeconds.value_or(-1) >= 0; }

bool isBestEffort(const Pod& pod) { return (pod.status.qosClass.empty() ? qosClassOf(pod.spec) : pod.status.qosClass) == "BestEffort"; }

bool looksElsewhere(const corev1::PodAffinityTerm& term) { return !term.namespaces.empty() || term.namespaceSelector; }

template <typename Affinity>
bool looksElsewhere(const Affinity& affinity) {
    if (!affinity) return false;
    const auto& required = affinity->requiredDuringSchedulingIgnoredDuringExecution;
    const auto& preferred = affinity->preferredDuringSchedulingIgnoredDuringExecution;
    return std::any_of(required.begin(), required.end(), [](const auto& term) { return looksElsewhere(term); }) ||
           std::any_of(preferred.begin(), preferred.end(), [](const auto& term) { return looksElsewhere(term.podAffinityTerm); });
}

// A quota on cpu or memory asks each container to say what it needs of them.
constexpr std::string_view kMustBeSaid[] = {"cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"};

class PodEvaluator final : public QuotaEvaluator {
public:
    const std::string& groupResource() const override {
        static const std::string name = "pods";
        return name;
    }
    ResourceNameSet matching(const ResourceNameSet& names) const override {
        ResourceNameSet result;
        std::copy_if(names.begin(), names.end(), std::inserter(result, result.end()), isCountedName);
        return result;
    }
    std::string missing(const ResourceNameSet& required, const Object& object) const override {
        const auto* pod = objectAs<Pod>(object);
        if (!pod || hasPodResources(pod->spec)) return {};
        std::vector<std::string> lines;
        for (const std::string_view name : kMustBeSaid) {
            if (!required.contains(std::string(name))) continue;
            std::set<std::string> silent;
            const auto look = [&](const corev1::Container& container) {
                if (!computeUsage(container.resources.requests, container.resources.limits).contains(name)) silent.insert(container.name);
            };
            std::for_each(pod->spec.containers.begin(), pod->spec.containers.end(), look);
            std::for_each(pod->spec.initContainers.begin(), pod->spec.initContainers.end(), look);
            if (!silent.empty()) lines.push_back(fmt::format("{} for: {}", name, fmt::join(silent, ",")));
        }
        return lines.empty() ? std::string() : fmt::format("must specify {}", fmt::join(lines, "; "));
    }
    bool inScope(const corev1::ScopedResourceSelectorRequirement& scope, const Object& object) const override {
        const auto* pod = objectAs<Pod>(object);
        if (!pod) return false;
        if (scope.scopeName == "Terminating") return hasDeadline(*pod);
        if (scope.scopeName == "NotTerminating") return !hasDeadline(*pod);
        if (scope.scopeName == "BestEffort") return isBestEffort(*pod);
        if (scope.scopeName == "NotBestEffort") return !isBestEffort(*pod);
        if (scope.scopeName == "PriorityClass") {
            std::set<std::string> names;
            if (!pod->spec.priorityClassName.empty()) names.insert(pod->spec.priorityClassName);
            return selects(scope, names);
        }
        if (scope.scopeName != "CrossNamespacePodAffinity" || !pod->spec.affinity) return false;
        return looksElsewhere(pod->spec.affinity->podAffinity) || looksElsewhere(pod->spec.affinity->podAntiAffinity);
    }
    Quantities usage(const Object& object, base::WallTime now) const override {
        const auto* pod = objectAs<Pod>(object);
        if (!pod) return {};
        Quantities used = {{"count/pods", Quantity(1)}};
        if (isPastItsEnd(*pod, now)) return used;
        return sum(used, computeUsage(allRequests(*pod), allLimits(*pod)));
    }
    bool mayHaveShrunk(const Object& old, const Object& now, base::WallTime time) const override {
        const auto* before = objectAs<Pod>(old);
        const auto* after = objectAs<Pod>(now);
        if (!before || !after) return false;
        if (hasDeadline(*before) != hasDeadline(*after) || (!isPastItsEnd(*before, time) && isPastItsEnd(*after, time))) return true;
        return allRequests(*before) != allRequests(*after) || allLimits(*before) != allLimits(*after);
    }
};

}  // namespace

// Pods that have ended, or should long have gone with their node, keep nobody else out.
bool isPastItsEnd(const Pod& pod, base::WallTime now) {
    if (pod.status.phase == "Failed" || pod.status.phase == "Succeeded") return true;
    const auto& meta = pod.metadata;
    if (!meta.deletionTimestamp || !meta.deletionGracePeriodSeconds) return false;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    return seconds > meta.deletionTimestamp->unixSeconds() + *meta.deletionGracePeriodSeconds;
}

std::unique_ptr<QuotaEvaluator> podEvaluator() { return std::make_unique<PodEvaluator>(); }

}  // namespace qd::api
