#include "cluster/controllers/endpoints/subsets.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "cluster/controllers/pods/pod_state.h"

namespace qd::controllers {
namespace {

struct PortKey {
    std::string name;
    std::int32_t port = 0;  // 0: no port at all, as headless Services without ports have it
    std::string protocol;
    std::string appProtocol;
    auto operator<=>(const PortKey&) const = default;
};

struct AddressState {
    corev1::EndpointAddress address;
    bool ready = true;
};
using AddressKey = std::pair<std::string, std::string>;  // address and the Pod's uid
using Addresses = std::map<AddressKey, AddressState>;

PortKey keyOfPort(const corev1::EndpointPort& port) { return {port.name, port.port, port.protocol, port.appProtocol.value_or("")}; }

corev1::EndpointPort portOf(const PortKey& key) {
    corev1::EndpointPort port;
    port.name = key.name;
    port.port = key.port;
    port.protocol = key.protocol;
    if (!key.appProtocol.empty()) port.appProtocol = key.appProtocol;
    return port;
}

// One that is ready at a port in one place and not in another is not.
void add(Addresses& to, const corev1::EndpointAddress& address, bool ready) {
    const AddressKey key{address.ip, address.targetRef ? address.targetRef->uid : ""};
    auto& state = to.try_emplace(key, AddressState{address, ready}).first->second;
    state.ready = state.ready && ready;
}

bool same(const Addresses& a, const Addresses& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& left, const auto& right) {
        return left.first == right.first && left.second.ready == right.second.ready && left.second.address == right.second.address;
    });
}

std::optional<corev1::EndpointAddress> addressOf(const corev1::Service& service, const corev1::Pod& pod) {
    const auto& spec = service.spec;
    bool wantsIpv6 = isIpv6(pod.status.podIP);
    if (!spec.ipFamilies.empty()) {
        wantsIpv6 = spec.ipFamilies.front() == "IPv6";
    } else if (!isHeadless(service)) {
        wantsIpv6 = isIpv6(spec.clusterIP);
    }
    for (const auto& candidate : pod.status.podIPs) {
        if (isIpv6(candidate.ip) != wantsIpv6) continue;
        corev1::EndpointAddress address;
        address.ip = candidate.ip;
        address.nodeName = pod.spec.nodeName;
        address.hostname = endpointHostname(pod, service);
        auto& target = address.targetRef.emplace();
        target.kind = "Pod";
        target.namespace_ = pod.metadata.namespace_;
        target.name = pod.metadata.name;
        target.uid = pod.metadata.uid;
        return address;
    }
    return std::nullopt;
}

std::vector<corev1::EndpointSubset> pack(const std::map<PortKey, Addresses>& byPort) {
    std::vector<std::pair<std::vector<PortKey>, const Addresses*>> groups;
    for (const auto& [port, addresses] : byPort) {
        const auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return same(*group.second, addresses); });
        if (found == groups.end()) {
            groups.push_back({{port}, &addresses});
        } else {
            found->first.push_back(port);
        }
    }
    std::vector<corev1::EndpointSubset> subsets;
    for (const auto& [ports, addresses] : groups) {
        auto& subset = subsets.emplace_back();
        for (const auto& port : ports) {
            if (port.port != 0) subset.ports.push_back(portOf(port));
        }
        for (const auto& [key, state] : *addresses) (state.ready ? subset.addresses : subset.notReadyAddresses).push_back(state.address);
    }
    return subsets;
}

}  // namespace

std::vector<corev1::EndpointSubset> repackSubsets(const std::vector<corev1::EndpointSubset>& subsets) {
    std::map<PortKey, Addresses> byPort;
    for (const auto& subset : subsets) {
        std::vector<PortKey> ports;
        for (const auto& port : subset.ports) ports.push_back(keyOfPort(port));
        if (ports.empty()) ports.emplace_back();
        for (const auto& port : ports) {
            auto& addresses = byPort[port];
            for (const auto& address : subset.addresses) add(addresses, address, true);
            for (const auto& address : subset.notReadyAddresses) add(addresses, address, false);
        }
    }
    return pack(byPort);
}

std::vector<corev1::EndpointSubset> planSubsets(const corev1::Service& service, const ServicePods& pods) {
    std::map<PortKey, Addresses> byPort;
    for (const auto& pod : pods) {
        if (!hasEndpoint(*pod, service.spec.publishNotReadyAddresses)) continue;
        const auto address = addressOf(service, *pod);
        if (!address) continue;
        const bool ready = service.spec.publishNotReadyAddresses || isReady(*pod);
        if (service.spec.ports.empty() && service.spec.clusterIP == corev1::ClusterIPNone) add(byPort[PortKey{}], *address, ready);
        for (const auto& port : service.spec.ports) {
            const auto number = targetPort(*pod, port);
            if (number) add(byPort[PortKey{port.name, *number, port.protocol, port.appProtocol.value_or("")}], *address, ready);
        }
    }
    return pack(byPort);
}

bool truncateSubsets(std::vector<corev1::EndpointSubset>& subsets) {
    std::size_t total = 0;
    for (const auto& subset : subsets) total += subset.addresses.size() + subset.notReadyAddresses.size();
    if (total <= kEndpointsCapacity) return false;
    std::size_t room = kEndpointsCapacity;
    const auto fit = [&room](std::vector<corev1::EndpointAddress>& addresses) {
        addresses.resize(std::min(addresses.size(), room));
        room -= addresses.size();
    };
    for (auto& subset : subsets) fit(subset.addresses);
    for (auto& subset : subsets) fit(subset.notReadyAddresses);
    return true;
}

}  // namespace qd::controllers
