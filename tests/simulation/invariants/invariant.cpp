#include "tests/simulation/invariants/invariant.h"

#include <algorithm>

namespace qd::simulation {

const metav1::OwnerReference* controllerOf(const api::Object& object) {
    const auto& owners = object.metadata.ownerReferences;
    const auto found = std::ranges::find_if(owners, [](const auto& each) { return each.controller.value_or(false); });
    return found == owners.end() ? nullptr : &*found;
}

bool isControlledBy(const api::Object& object, std::string_view kind, std::string_view name) {
    const auto* owner = controllerOf(object);
    return owner && owner->kind == kind && owner->name == name;
}

bool isReady(const corev1::Pod& pod) {
    return std::ranges::any_of(pod.status.conditions,
                               [](const auto& each) { return each.type == "Ready" && each.status == "True"; });
}

bool hasEnded(const corev1::Pod& pod) {
    return pod.status.phase == "Succeeded" || pod.status.phase == "Failed";
}

bool isActive(const corev1::Pod& pod) {
    return !hasEnded(pod) && !pod.metadata.deletionTimestamp;
}

}  // namespace qd::simulation
