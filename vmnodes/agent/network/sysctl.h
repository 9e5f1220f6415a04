// Kernel settings under /proc/sys.
#pragma once

#include <string>
#include <vector>

#include "cluster/base/result.h"

namespace qd::agent::network {

struct Sysctl {
    std::string name;  // dotted, e.g. net.ipv4.ip_forward
    std::string value;
};

// What Pod networking and IPVS need: forwarding, bridged frames seen by netfilter, IPVS connections tracked (so that
// replies can be masqueraded), no ARP for the service addresses on kube-ipvs0, connections to removed endpoints ended.
// Source: kube-proxy's IPVS proxier (pkg/proxy/ipvs) and the CNI bridge plugin's documentation.
std::vector<Sysctl> podNetworkSysctls();

// Writes one setting below `root` (/proc/sys). A value that stands there already is not written again.
Result<void> writeSysctl(const Sysctl& sysctl, const std::string& root = "/proc/sys");

}  // namespace qd::agent::network
