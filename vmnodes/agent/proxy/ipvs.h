// The kernel's IPVS table as values, and the least changes that turn one into another.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/base/result.h"
#include "vmnodes/agent/network/firewall.h"

namespace qd::agent::proxy {

using network::IpAddress;
using network::Protocol;
using network::SocketAddress;

struct RealServer {
    IpAddress address;
    int port = 0;
    int weight = 1;
    std::uint32_t activeConnections = 0;  // as the kernel counts them; 0 in a desired state
    std::uint32_t inactiveConnections = 0;

    bool sameTarget(const RealServer& other) const { return address == other.address && port == other.port; }
};

struct VirtualServer {
    SocketAddress where;
    std::string scheduler = "rr";
    std::uint32_t persistentSeconds = 0;  // 0: every connection is scheduled by itself
    std::vector<RealServer> servers;
};

struct Change {
    enum class Kind { AddService, SetService, RemoveService, AddServer, SetServer, RemoveServer };
    Kind kind;
    VirtualServer service;  // without its servers
    RealServer server;      // for the last three kinds
};

// The changes in an order in which the kernel accepts them: a service before its servers.
//
// A TCP or SCTP server that is no longer desired, but still has connections, is given the weight 0 and stays until a
// later call finds it without any; so that ending Pods finish what they serve. UDP servers go at once. Services that
// are no longer desired go with their servers. Source: kube-proxy's graceful termination
// (pkg/proxy/ipvs/graceful_termination.go).
std::vector<Change> changes(const std::vector<VirtualServer>& actual, const std::vector<VirtualServer>& desired);

// Whether a server is there only for the connections that it still has: changes() wants to be asked again later.
bool isDraining(const std::vector<VirtualServer>& actual, const std::vector<VirtualServer>& desired);

// The table itself.
class Ipvs {
public:
    virtual ~Ipvs() = default;
    virtual Result<std::vector<VirtualServer>> list() = 0;
    virtual Result<void> apply(const Change& change) = 0;
};

// By generic netlink. Not thread-safe. Fails when the kernel has no IPVS.
Result<std::unique_ptr<Ipvs>> openIpvs();

}  // namespace qd::agent::proxy
