// resolv.conf and /etc/hosts of a Pod. Pure.
// Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "vmnodes/agent/cri/types.h"

namespace qd::agent::sync {

struct DnsSettings {
    std::vector<std::string> clusterDns;  // e.g. 10.96.0.10
    std::string clusterDomain = "cluster.local";
    cri::DnsConfig host;  // the node's own resolv.conf
};

cri::DnsConfig parseResolvConf(const std::string& text);
cri::DnsConfig podDns(const corev1::Pod& pod, const DnsSettings& settings);

struct HostName {
    std::string name;    // at most 63 characters
    std::string domain;  // <subdomain>.<namespace>.svc.<cluster domain>, or nothing
};
HostName hostName(const corev1::Pod& pod, const std::string& clusterDomain);
// The text of the file that stands at /etc/hosts in every container of the Pod; for a Pod of the host's network,
// `nodeHosts` is the node's own file and comes first.
std::string hostsFile(const corev1::Pod& pod, const std::vector<std::string>& podIps, const std::string& clusterDomain,
                      const std::string& nodeHosts);

}  // namespace qd::agent::sync
