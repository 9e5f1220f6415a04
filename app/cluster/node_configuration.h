// What a node is told at its first boot: settings, and the files that let its agent reach the API server.
#pragma once

#include <string>
#include <vector>

#include "cluster/base/pki/certificate.h"
#include "vmnodes/host/node_pool.h"

namespace qd::cluster {

// What all nodes of a cluster have in common.
struct NodeTerms {
    std::string server;  // URL of the API server as nodes reach it
    std::string joinToken;  // a bootstrap token
    base::WallTime now;
    bool emulated = false;
    std::string debug;
};

inline constexpr std::string_view kClusterDomain = "cluster.local";

// The disk qd-config carries
//   bootstrap-kubeconfig     the API server, its authority and the token by which the node gets its client certificate
//   ca.crt                   the cluster's authority
//   serving.crt, serving.key the serving certificate of the agent, good for its name and address
// The serving certificate lasts as long as the authority: a node's disk is written once.
Result<host::NodeConfiguration> configureNode(const host::NodeIdentity& node, const host::AddressPlan& plan,
                                              const NodeTerms& terms, const pki::Authority& authority);

// A ustar archive of these files, in this order.
struct ArchivedFile {
    std::string name;
    std::string content;
};
Result<std::string> makeArchive(const std::vector<ArchivedFile>& files);

}  // namespace qd::cluster
