#include "cluster/api/quota/pod_resources.h"

#include <algorithm>

#include "cluster/api/placement/resources.h"

namespace qd::api {
namespace {

void add(Quantities& to, const Quantities& more) {
    for (const auto& [name, amount] : more) {
        const auto [at, added] = to.try_emplace(name, amount);
        if (!added) at->second = at->second + amount;
    }
}

void raise(Quantities& to, const Quantities& other) {
    for (const auto& [name, amount] : other) {
        const auto [at, added] = to.try_emplace(name, amount);
        if (!added && at->second < amount) at->second = amount;
    }
}

const Quantities& requestsIn(const corev1::ResourceRequirements& resources) { return resources.requests; }
const Quantities& limitsIn(const corev1::ResourceRequirements& resources) { return resources.limits; }
using Part = decltype(&requestsIn);

// `of` says what one container takes.
template <typename Of>
Quantities total(const corev1::PodSpec& spec, Part part, Of of) {
    Quantities all;
    for (const auto& container : spec.containers) add(all, of(container, false));
    Quantities sidecars;
    Quantities most;
    for (const auto& container : spec.initContainers) {
        const bool isSidecar = container.restartPolicy == "Always";
        Quantities beside = of(container, !isSidecar);
        if (isSidecar) {
            add(all, beside);
            add(sidecars, beside);
            raise(most, sidecars);
        } else {
            add(beside, sidecars);
            raise(most, beside);
        }
    }
    raise(all, most);
    if (!spec.resources) return all;
    for (const auto& [name, amount] : part(*spec.resources)) {
        if (name == "cpu" || name == "memory") all.insert_or_assign(name, amount);
    }
    return all;
}

Quantities total(const corev1::PodSpec& spec, Part part) {
    return total(spec, part, [&](const corev1::Container& container, bool) -> const Quantities& { return part(container.resources); });
}

const corev1::ContainerStatus* statusOf(const corev1::Pod& pod, const std::string& name) {
    for (const auto* list : {&pod.status.containerStatuses, &pod.status.initContainerStatuses}) {
        const auto found = std::ranges::find(*list, name, &corev1::ContainerStatus::name);
        if (found != list->end()) return &*found;
    }
    return nullptr;
}

Quantities totalNow(const corev1::Pod& pod, Part part, bool allotted) {
    const bool refused = placement::resizeRefused(pod);
    return total(pod.spec, part, [&](const corev1::Container& container, bool runsOnce) {
        const corev1::ContainerStatus* status = runsOnce ? nullptr : statusOf(pod, container.name);
        if (!status || !status->resources) return part(container.resources);
        Quantities taken = part(*status->resources);
        if (allotted) raise(taken, status->allocatedResources);
        if (!refused) raise(taken, part(container.resources));
        return taken;
    });
}

}  // namespace

Quantities podRequests(const corev1::PodSpec& spec) { return total(spec, requestsIn); }
Quantities podLimits(const corev1::PodSpec& spec) { return total(spec, limitsIn); }
Quantities podRequestsNow(const corev1::Pod& pod) { return totalNow(pod, requestsIn, true); }
Quantities podLimitsNow(const corev1::Pod& pod) { return totalNow(pod, limitsIn, false); }

}  // namespace qd::api
