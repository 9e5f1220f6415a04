#include "vmnodes/agent/cgroups/resources.h"

#include <algorithm>
#include <cmath>

namespace qd::agent::cgroups {
namespace {

using List = api::Map<api::Quantity>;

std::optional<api::Quantity> amountOf(const List& list, const char* name) {
    const auto found = list.find(name);
    if (found == list.end() || found->second.isZero()) return std::nullopt;
    return found->second;
}

bool isSidecar(const corev1::Container& container) {
    return container.restartPolicy.has_value() && *container.restartPolicy == "Always";
}

std::int64_t unitsOf(const List& list, const char* name, bool milli) {
    const auto amount = amountOf(list, name);
    if (!amount) return 0;
    return milli ? amount->milliValue() : amount->value();
}

// Sums an amount over the Pod's life: while init containers run one after another beside the sidecars started so far,
// and while all regular containers run beside all sidecars.
template <typename Of>
std::int64_t overLife(const corev1::Pod& pod, Of of) {
    std::int64_t sidecars = 0, most = 0, regular = 0;
    for (const corev1::Container& container : pod.spec.initContainers) {
        if (isSidecar(container)) {
            sidecars += of(container);
            most = std::max(most, sidecars);
        } else {
            most = std::max(most, sidecars + of(container));
        }
    }
    for (const corev1::Container& container : pod.spec.containers) regular += of(container);
    return std::max(most, regular + sidecars);
}

struct Claim {
    std::optional<api::Quantity> request, limit;
};

Claim claimOf(const corev1::ResourceRequirements& resources, const char* name) {
    return {amountOf(resources.requests, name), amountOf(resources.limits, name)};
}

QosClass classOf(const std::vector<const corev1::ResourceRequirements*>& all) {
    bool any = false, guaranteed = true;
    for (const corev1::ResourceRequirements* resources : all) {
        for (const char* name : {"cpu", "memory"}) {
            const Claim claim = claimOf(*resources, name);
            any = any || claim.request || claim.limit;
            // A request that is not given is defaulted to the limit by the API server.
            guaranteed = guaranteed && claim.limit && (!claim.request || *claim.request == *claim.limit);
        }
    }
    if (!any) return QosClass::BestEffort;
    return guaranteed ? QosClass::Guaranteed : QosClass::Burstable;
}

}  // namespace

const char* qosName(QosClass qos) {
    switch (qos) {
        case QosClass::Guaranteed:
            return "Guaranteed";
        case QosClass::Burstable:
            return "Burstable";
        default:
            return "BestEffort";
    }
}

QosClass qosClass(const corev1::Pod& pod) {
    if (pod.spec.resources && (!pod.spec.resources->requests.empty() || !pod.spec.resources->limits.empty()))
        return classOf({pod.spec.resources.get()});
    std::vector<const corev1::ResourceRequirements*> all;
    for (const corev1::Container& container : pod.spec.containers) all.push_back(&container.resources);
    for (const corev1::Container& container : pod.spec.initContainers) all.push_back(&container.resources);
    return classOf(all);
}

Amounts podRequests(const corev1::Pod& pod) {
    Amounts amounts;
    const auto of = [&](const char* name, bool milli) {
        if (pod.spec.resources && amountOf(pod.spec.resources->requests, name))
            return unitsOf(pod.spec.resources->requests, name, milli);
        return overLife(pod, [&](const corev1::Container& container) {
            const auto& resources = container.resources;
            return unitsOf(amountOf(resources.requests, name) ? resources.requests : resources.limits, name, milli);
        });
    };
    amounts.milliCpu = of("cpu", true) + unitsOf(pod.spec.overhead, "cpu", true);
    amounts.memory = of("memory", false) + unitsOf(pod.spec.overhead, "memory", false);
    amounts.hasCpu = amounts.milliCpu > 0;
    amounts.hasMemory = amounts.memory > 0;
    return amounts;
}

Amounts podLimits(const corev1::Pod& pod) {
    const auto everyContainerHas = [&](const char* name) {
        const auto has = [&](const corev1::Container& container) {
            return amountOf(container.resources.limits, name).has_value();
        };
        return std::ranges::all_of(pod.spec.containers, has) && std::ranges::all_of(pod.spec.initContainers, has);
    };
    const auto of = [&](const char* name, bool milli, bool& present) {
        if (pod.spec.resources && amountOf(pod.spec.resources->limits, name)) {
            present = true;
            return unitsOf(pod.spec.resources->limits, name, milli);
        }
        present = everyContainerHas(name);
        if (!present) return std::int64_t{0};
        return overLife(pod, [&](const corev1::Container& c) { return unitsOf(c.resources.limits, name, milli); }) +
               unitsOf(pod.spec.overhead, name, milli);
    };
    Amounts amounts;
    amounts.milliCpu = of("cpu", true, amounts.hasCpu);
    amounts.memory = of("memory", false, amounts.hasMemory);
    return amounts;
}

std::uint64_t cpuShares(std::int64_t milliCpu) {
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(milliCpu * 1024 / 1000, 2, 262'144));
}

std::int64_t cpuQuota(std::int64_t milliCpu) {
    if (milliCpu <= 0) return 0;
    return std::max<std::int64_t>(milliCpu * kCpuPeriod / 1000, 1000);
}

std::uint64_t cpuWeight(std::uint64_t shares) {
    // 2 -> 1, 1024 -> 100, 262144 -> 10000.
    const double l = std::log2(static_cast<double>(std::clamp<std::uint64_t>(shares, 2, 262'144)));
    return static_cast<std::uint64_t>(std::ceil(std::pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0)));
}

int oomScoreAdjust(const corev1::Pod& pod, const corev1::Container& container, std::int64_t memoryCapacity) {
    constexpr std::int32_t kSystemCritical = 2'000'000'000;
    if (pod.spec.priority && *pod.spec.priority >= kSystemCritical) return -997;
    switch (qosClass(pod)) {
        case QosClass::Guaranteed:
            return -997;
        case QosClass::BestEffort:
            return 1000;
        default:
            break;
    }
    const std::int64_t request = unitsOf(container.resources.requests, "memory", false);
    const std::int64_t share = memoryCapacity > 0 ? 1000 - 1000 * request / memoryCapacity : 1000;
    // Above the Guaranteed ones, below the BestEffort ones.
    return static_cast<int>(std::clamp<std::int64_t>(share, 3, 999));
}

cri::Resources containerResources(const corev1::Pod& pod, const corev1::Container& container,
                                  std::int64_t memoryCapacity) {
    const auto& resources = container.resources;
    const std::int64_t requested = amountOf(resources.requests, "cpu") || !amountOf(resources.limits, "cpu")
                                       ? unitsOf(resources.requests, "cpu", true)
                                       : unitsOf(resources.limits, "cpu", true);
    const std::int64_t limit = unitsOf(resources.limits, "cpu", true);
    cri::Resources result;
    result.cpuShares = static_cast<std::int64_t>(cpuShares(requested));
    result.cpuPeriod = kCpuPeriod;
    result.cpuQuota = cpuQuota(limit);
    result.memoryLimit = unitsOf(resources.limits, "memory", false);
    result.oomScoreAdj = oomScoreAdjust(pod, container, memoryCapacity);
    // A container that runs out of memory ends as a whole rather than lose one process (cgroup v2 since
    // Kubernetes 1.28).
    result.unified["memory.oom.group"] = "1";
    return result;
}

}  // namespace qd::agent::cgroups
