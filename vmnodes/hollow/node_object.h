// What a hollow node says of itself.
#pragma once

#include <string>

#include "cluster/api/types/coordination_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::hollow {

struct Capacity {
    std::string cpu = "32";
    std::string memory = "256Gi";
    std::string ephemeralStorage = "100Gi";
    std::string pods = "110";
};

// The Node that registers itself.
corev1::Node nodeObject(const std::string& name, const std::string& address, const Capacity& capacity, base::WallTime now);
// Brings conditions and addresses up to date: ready or not, heard of now.
void reportNode(corev1::Node& node, bool ready, base::WallTime now);
coordinationv1::Lease leaseObject(const corev1::Node& node, base::WallTime now);

}  // namespace qd::hollow
