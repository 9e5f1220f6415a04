// The wire form of IPVS' generic netlink family (linux/ip_vs.h). Private to proxy/ and its tests.
#pragma once

#include <netlink/msg.h>

#include <memory>
#include <optional>

#include "vmnodes/agent/proxy/ipvs.h"

namespace qd::agent::proxy {

struct MessageDeleter {
    void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using Message = std::unique_ptr<nl_msg, MessageDeleter>;

// The request that makes a change, for the family's number. Answers null when it does not fit into a message.
Message encode(const Change& change, int family);
// The request to list all services, or all servers of one.
Message encodeListServices(int family);
Message encodeListServers(const VirtualServer& service, int family);

// What one message of the answer says. Nothing for entries that are not ours to see: firewall-mark services.
std::optional<VirtualServer> decodeService(nlmsghdr* header);
std::optional<RealServer> decodeServer(nlmsghdr* header, bool v6);

}  // namespace qd::agent::proxy
