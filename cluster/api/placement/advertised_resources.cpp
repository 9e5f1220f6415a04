#include "cluster/api/placement/advertised_resources.h"

#include <string_view>

namespace qd::api {
namespace {

// Those that the node itself knows of; of them a part may be reserved.
bool isOwn(std::string_view resource) {
    return resource == "cpu" || resource == "memory" || resource == "ephemeral-storage" || resource == "pods";
}

}  // namespace

bool offerAdvertised(corev1::NodeStatus& status) {
    auto allocatable = status.allocatable;
    for (const auto& [name, amount] : status.capacity) {
        if (!isOwn(name)) allocatable[name] = amount;
    }
    for (const auto& [name, amount] : status.allocatable) {
        if (!status.capacity.contains(name)) allocatable.erase(name);
    }
    if (allocatable == status.allocatable) return false;
    status.allocatable = std::move(allocatable);
    return true;
}

}  // namespace qd::api
