#include "cluster/api/placement/resources.h"

#include <algorithm>

namespace qd::api::placement {
namespace {

bool isScalar(std::string_view name) {
    return name.find('/') != std::string_view::npos || name.starts_with("hugepages-") ||
           name.starts_with("attachable-volumes-");
}

// The most of what is asked, allotted and in force; of what is refused only the latter two. A status that says nothing of
// resources does not count. `status` is a container's, or the Pod's as a whole.
template <typename Status>
Resources effective(const api::Map<api::Quantity>& asked, const Status* status, bool refused) {
    Resources needed(asked);
    if (!status || !status->resources) return needed;
    if (refused) needed = {};
    needed.raiseTo(Resources(status->resources->requests));
    needed.raiseTo(Resources(status->allocatedResources));
    return needed;
}

const corev1::ContainerStatus* statusOf(const std::vector<corev1::ContainerStatus>& statuses, const std::string& name) {
    const auto found =
        std::find_if(statuses.begin(), statuses.end(), [&](const auto& each) { return each.name == name; });
    return found == statuses.end() ? nullptr : &*found;
}

void assumeMissing(Resources& requests, const corev1::Container& container) {
    if (!container.resources.requests.contains("cpu")) requests.milliCpu = kAssumedMilliCpu;
    if (!container.resources.requests.contains("memory")) requests.memory = kAssumedMemory;
}

Resources initContainerRequests(const corev1::Pod& pod, bool assume, bool refused, Resources& sidecars) {
    Resources most;
    for (const auto& container : pod.spec.initContainers) {
        const bool isSidecar = container.restartPolicy == "Always";
        Resources needed = effective(container.resources.requests,
                                     isSidecar ? statusOf(pod.status.initContainerStatuses, container.name) : nullptr, refused);
        if (assume) assumeMissing(needed, container);
        if (isSidecar) {
            sidecars += needed;
            most.raiseTo(sidecars);
        } else {
            needed += sidecars;
            most.raiseTo(needed);
        }
    }
    return most;
}

Resources requestsOf(const corev1::Pod& pod, bool assume) {
    const bool refused = resizeRefused(pod);
    Resources total;
    for (const auto& container : pod.spec.containers) {
        Resources needed =
            effective(container.resources.requests, statusOf(pod.status.containerStatuses, container.name), refused);
        if (assume) assumeMissing(needed, container);
        total += needed;
    }
    if (!pod.spec.initContainers.empty()) {
        Resources sidecars;
        const Resources starting = initContainerRequests(pod, assume, refused, sidecars);
        total += sidecars;
        total.raiseTo(starting);
    }
    if (pod.spec.resources) {
        const auto& asked = pod.spec.resources->requests;
        const Resources whole = effective(asked, &pod.status, refused);
        if (asked.contains("cpu")) total.milliCpu = whole.milliCpu;
        if (asked.contains("memory")) total.memory = whole.memory;
        for (const auto& [name, amount] : whole.scalars) {
            if (name.starts_with("hugepages-")) total.scalarRef(name) = amount;
        }
    }
    if (!pod.spec.overhead.empty()) total += Resources(pod.spec.overhead);
    return total;
}

}  // namespace

Resources::Resources(const api::Map<api::Quantity>& list) {
    for (const auto& [name, quantity] : list) {
        if (name == "cpu") {
            milliCpu = quantity.milliValue();
        } else if (name == "memory") {
            memory = quantity.value();
        } else if (name == "ephemeral-storage") {
            ephemeralStorage = quantity.value();
        } else if (name == "pods") {
            pods = quantity.value();
        } else if (isScalar(name)) {
            scalars.emplace_back(name, quantity.value());
        }
    }
}

std::int64_t Resources::scalar(std::string_view name) const {
    const auto found = std::lower_bound(scalars.begin(), scalars.end(), name,
                                        [](const auto& each, std::string_view key) { return each.first < key; });
    return found != scalars.end() && found->first == name ? found->second : 0;
}

std::int64_t Resources::of(std::string_view name) const {
    if (name == "cpu") return milliCpu;
    if (name == "memory") return memory;
    if (name == "ephemeral-storage") return ephemeralStorage;
    return name == "pods" ? pods : scalar(name);
}

std::int64_t& Resources::scalarRef(std::string_view name) {
    const auto found = std::lower_bound(scalars.begin(), scalars.end(), name,
                                        [](const auto& each, std::string_view key) { return each.first < key; });
    if (found != scalars.end() && found->first == name) return found->second;
    return scalars.emplace(found, std::string(name), 0)->second;
}

Resources& Resources::operator+=(const Resources& other) {
    milliCpu += other.milliCpu;
    memory += other.memory;
    ephemeralStorage += other.ephemeralStorage;
    pods += other.pods;
    for (const auto& [name, amount] : other.scalars) scalarRef(name) += amount;
    return *this;
}

Resources& Resources::operator-=(const Resources& other) {
    milliCpu -= other.milliCpu;
    memory -= other.memory;
    ephemeralStorage -= other.ephemeralStorage;
    pods -= other.pods;
    for (const auto& [name, amount] : other.scalars) scalarRef(name) -= amount;
    return *this;
}

void Resources::raiseTo(const Resources& other) {
    milliCpu = std::max(milliCpu, other.milliCpu);
    memory = std::max(memory, other.memory);
    ephemeralStorage = std::max(ephemeralStorage, other.ephemeralStorage);
    pods = std::max(pods, other.pods);
    for (const auto& [name, amount] : other.scalars) {
        auto& mine = scalarRef(name);
        mine = std::max(mine, amount);
    }
}

bool resizeRefused(const corev1::Pod& pod) {
    const auto pending = std::ranges::find(pod.status.conditions, "PodResizePending", &corev1::PodCondition::type);
    return pending != pod.status.conditions.end() && pending->reason == "Infeasible";
}

Resources podRequests(const corev1::Pod& pod) {
    return requestsOf(pod, false);
}
Resources podScoringRequests(const corev1::Pod& pod) {
    return requestsOf(pod, true);
}

}  // namespace qd::api::placement
