// What can be seen of a cluster: its machines, and, while it runs, what its control plane says of the nodes.
#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

#include "cluster/base/result.h"
#include "vmnodes/host/cluster_layout.h"
#include "vmnodes/host/node_pool.h"

namespace qd::cluster {

struct NodeView {
    std::string name;
    std::string address;
    std::string podCidr;
    std::string machine;          // "running", "saved", "shutoff": libvirt's state
    std::optional<bool> ready;    // nullopt: nobody knows, the cluster does not run
    std::string version;          // of the agent, v1.36.2
    std::vector<std::string> images;

    bool operator==(const NodeView&) const = default;
};

struct ClusterView {
    host::ClusterSpec spec;
    std::string state;  // Running, Starting (owned, not serving yet), Suspended, Stopped, Incomplete (no machines), Unknown
    std::string detail;         // why Unknown
    std::string acceleration;   // "KVM", "TCG", empty when not known
    std::string accelerationReason;
    std::string server;         // URL
    int ownerPid = 0;
    std::vector<NodeView> nodes;
};

boost::json::object toJson(const ClusterView& view);
Result<ClusterView> viewFromJson(const boost::json::object& json);

// As seen from outside, without a control plane: its folder and libvirt.
ClusterView viewOf(const host::ClusterEntry& entry);

// The machines as views, and the state that they make together when nobody owns the cluster.
std::vector<NodeView> machinesOf(const host::PoolStatus& pool);
std::string restingState(const host::PoolStatus& pool, int wanted);

}  // namespace qd::cluster
