#include "cluster/api/quota/pod_resources.h"

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

template <typename Part>
Quantities total(const corev1::PodSpec& spec, Part part) {
    Quantities all;
    for (const auto& container : spec.containers) add(all, part(container.resources));
    Quantities sidecars;
    Quantities most;
    for (const auto& container : spec.initContainers) {
        if (container.restartPolicy == "Always") {
            add(all, part(container.resources));
            add(sidecars, part(container.resources));
            raise(most, sidecars);
        } else {
            Quantities beside = part(container.resources);
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

}  // namespace

Quantities podRequests(const corev1::PodSpec& spec) {
    return total(spec, [](const auto& resources) -> const Quantities& { return resources.requests; });
}

Quantities podLimits(const corev1::PodSpec& spec) {
    return total(spec, [](const auto& resources) -> const Quantities& { return resources.limits; });
}

}  // namespace qd::api
