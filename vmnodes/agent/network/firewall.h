// The agent's nftables table: host ports, masquerade of Pods that leave the cluster, and masquerade of the connections
// to virtual servers that would not find their way back (from outside the Pod network; a Pod that reaches itself).
//
// The whole table is replaced in one transaction, so that it is never half there. Connections that are tracked keep
// their translation.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/base/result.h"
#include "vmnodes/agent/network/address.h"

namespace qd::agent::network {

enum class Protocol { Tcp, Udp, Sctp };
const char* protocolName(Protocol protocol);  // "tcp", ...

struct SocketAddress {
    IpAddress address;
    Protocol protocol = Protocol::Tcp;
    int port = 0;

    auto operator<=>(const SocketAddress&) const = default;
};

struct HostPort {
    std::optional<IpAddress> hostIp;  // none: every address of the node
    Protocol protocol = Protocol::Tcp;
    int port = 0;
    IpAddress podIp;
    int podPort = 0;

    auto operator<=>(const HostPort&) const = default;
};

struct NodePort {
    Protocol protocol = Protocol::Tcp;
    int port = 0;

    auto operator<=>(const NodePort&) const = default;
};

// IPv4 for now; other addresses are left out.
struct FirewallState {
    std::optional<Cidr> clusterCidr;                // every Pod of the cluster
    std::optional<Cidr> podCidr;                    // the Pods of this node
    std::vector<SocketAddress> masqueradedServers;  // cluster addresses: sources outside the cluster are masqueraded
    std::vector<NodePort> masqueradedNodePorts;     // every source is
    std::vector<IpAddress> hairpins;                // local Pods that stand behind a virtual server
    std::vector<HostPort> hostPorts;

    bool operator==(const FirewallState&) const = default;
};

// The commands, in nft's language, that replace the table by one of this state.
std::string rulesetOf(const FirewallState& state);

// Not thread-safe.
class Firewall {
public:
    Firewall();
    ~Firewall();
    // Runs rulesetOf(state) unless the same was applied last.
    Result<void> apply(const FirewallState& state);

private:
    struct Context;
    std::unique_ptr<Context> m_context;
    std::string m_applied;
};

}  // namespace qd::agent::network
