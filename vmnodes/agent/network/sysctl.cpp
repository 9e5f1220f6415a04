#include "vmnodes/agent/network/sysctl.h"

#include <algorithm>
#include <fstream>

namespace qd::agent::network {

std::vector<Sysctl> podNetworkSysctls() {
    return {
        {"net.ipv4.ip_forward", "1"},
        {"net.bridge.bridge-nf-call-iptables", "1"},
        {"net.ipv4.conf.all.arp_ignore", "1"},
        {"net.ipv4.conf.all.arp_announce", "2"},
        {"net.ipv4.vs.conntrack", "1"},
        {"net.ipv4.vs.conn_reuse_mode", "0"},
        {"net.ipv4.vs.expire_nodest_conn", "1"},
        {"net.ipv4.vs.expire_quiescent_template", "1"},
    };
}

Result<void> writeSysctl(const Sysctl& sysctl, const std::string& root) {
    std::string path = sysctl.name;
    std::replace(path.begin(), path.end(), '.', '/');
    path = root + "/" + path;
    std::string present;
    if (std::ifstream in(path); in && std::getline(in, present) && present == sysctl.value) return {};
    std::ofstream out(path);
    out << sysctl.value << '\n';
    out.flush();
    if (!out)
        return fail(Reason::InternalError, "cannot set the kernel setting " + sysctl.name + " to " + sysctl.value);
    return {};
}

}  // namespace qd::agent::network
