#include "cluster/api/placement/host_ports.h"

namespace qd::api::placement {
namespace {

const std::string kAnyAddress = "0.0.0.0";

void addHostPorts(const std::vector<corev1::Container>& containers, bool sidecarsOnly, std::vector<HostPort>& out) {
    for (const auto& container : containers) {
        if (sidecarsOnly && container.restartPolicy != "Always") continue;
        for (const auto& port : container.ports) {
            if (port.hostPort <= 0) continue;
            out.push_back({port.hostIP.empty() ? kAnyAddress : port.hostIP,
                           port.protocol.empty() ? "TCP" : port.protocol, port.hostPort});
        }
    }
}

}  // namespace

std::vector<HostPort> hostPortsOf(const corev1::Pod& pod) {
    std::vector<HostPort> ports;
    addHostPorts(pod.spec.containers, false, ports);
    addHostPorts(pod.spec.initContainers, true, ports);
    return ports;
}

bool HostPort::conflictsWith(const HostPort& other) const {
    if (port != other.port || protocol != other.protocol) return false;
    return ip == other.ip || ip == kAnyAddress || other.ip == kAnyAddress;
}

}  // namespace qd::api::placement
