// The ports of its node that a Pod opens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"

namespace qd::api::placement {

struct HostPort {
    std::string ip;
    std::string protocol;
    std::int32_t port = 0;

    // Whether both cannot be open on one node: 0.0.0.0 takes the port on all addresses.
    bool conflictsWith(const HostPort& other) const;
    bool operator==(const HostPort&) const = default;
};

// Those that the Pod's containers open, its sidecars' too.
std::vector<HostPort> hostPortsOf(const corev1::Pod& pod);

}  // namespace qd::api::placement
