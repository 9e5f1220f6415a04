// The manifests that a new cluster begins with, applied as a user would: by server-side apply.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/client/client.h"

namespace qd::cluster {

// Replaces each {{name}} by its value. Invalid when a name stays.
Result<std::string> fillIn(std::string_view text, const std::vector<std::pair<std::string, std::string>>& values);

// Applies each document of the YAML stream, forcing conflicts, as the field manager "quarterdeck-cluster". Stops at the first
// error and names its document.
Result<void> applyManifest(client::Client& client, std::string_view yaml);

// CoreDNS as the Deployment `coredns` behind the Service `kube-dns`.
Result<std::string> dnsManifest(const std::string& dnsAddress, const std::string& clusterDomain);

// What the node agent may do beyond a kubelet, which the Node authorizer knows: it balances Services and keeps the routes to
// the other nodes' Pods, as kube-proxy and a network plugin do.
std::string nodeAccessManifest();

// What Pods reach as the Service `kubernetes`: the API server at this address.
std::string apiEndpointManifest(const std::string& address, int port);

}  // namespace qd::cluster
