// What the agent is told: by its command line, by node.json, by the configuration folder. See docs/node-image.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/base/result.h"
#include "vmnodes/agent/network/address.h"

namespace qd::agent {

struct AgentSettings {
    std::string nodeName = "node";
    std::optional<network::Cidr> address;  // of eth0
    std::optional<network::Cidr> podCidr;  // none: the Node object says
    network::Cidr clusterCidr;             // every Pod of the cluster
    std::vector<std::string> clusterDns = {"10.96.0.10"};
    std::string clusterDomain = "cluster.local";
    int mtu = 1500;
    std::string kubeconfig;           // empty: no API server, static Pods only, unless the next is set
    std::string bootstrapKubeconfig;  // where the API server is, and the token to join by; goes before kubeconfig
    std::string configFolder;
    std::string manifests;  // a folder of static Pods; empty: none
    std::string criSocket = "/run/containerd/containerd.sock";
    std::string root = "/var/lib/kubelet";
    int port = 10250;
    int shutdownSeconds = 30;
    // An emulated processor: everything takes ten times as long, and probes' time limits must allow for it.
    bool emulated = false;
};

// Reads node.json: an object of strings. Keys that are not known are left alone.
Result<std::map<std::string, std::string>> readNodeFile(const std::string& path);
// Puts what node.json says into the settings. A value that cannot be used is an error that names its key.
Result<void> apply(const std::map<std::string, std::string>& values, AgentSettings& settings);

}  // namespace qd::agent
