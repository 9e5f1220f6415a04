#include "vmnodes/agent/proxy/service_plan.h"

#include <algorithm>
#include <map>

namespace qd::agent::proxy {
namespace {

constexpr char kProxyNameLabel[] = "service.kubernetes.io/service-proxy-name";

Protocol protocolOf(const std::string& name) {
    return name == "UDP" ? Protocol::Udp : name == "SCTP" ? Protocol::Sctp : Protocol::Tcp;
}

struct Target {
    RealServer server;
    bool ready = false;
    bool servesWhileEnding = false;
    bool local = false;
};

using SliceIndex = std::map<std::pair<std::string, std::string>, std::vector<const discoveryv1::EndpointSlice*>>;

SliceIndex indexOf(const ProxyInput& input) {
    SliceIndex index;
    for (const auto& slice : input.slices) {
        const auto name = slice->metadata.labels.find(discoveryv1::LabelServiceName);
        if (name != slice->metadata.labels.end())
            index[{slice->metadata.namespace_, name->second}].push_back(slice.get());
    }
    return index;
}

// All endpoints of one Service port in one address family; an address that stands in several slices counts once.
std::vector<Target> targetsOf(const std::vector<const discoveryv1::EndpointSlice*>& slices,
                              const corev1::ServicePort& port, bool v6, const std::string& nodeName) {
    std::map<std::pair<IpAddress, int>, Target> found;
    for (const discoveryv1::EndpointSlice* slice : slices) {
        if (slice->addressType != (v6 ? "IPv6" : "IPv4")) continue;
        for (const discoveryv1::EndpointPort& endpointPort : slice->ports) {
            const bool same = endpointPort.name.value_or("") == port.name &&
                              endpointPort.protocol.value_or("TCP") == (port.protocol.empty() ? "TCP" : port.protocol);
            if (!same || !endpointPort.port) continue;
            for (const discoveryv1::Endpoint& endpoint : slice->endpoints) {
                const auto address =
                    endpoint.addresses.empty() ? std::nullopt : IpAddress::parse(endpoint.addresses.front());
                if (!address) continue;
                const bool ready = endpoint.conditions.ready.value_or(true);
                Target target;
                target.server = {*address, *endpointPort.port};
                target.ready = ready;
                target.servesWhileEnding =
                    endpoint.conditions.serving.value_or(ready) && endpoint.conditions.terminating.value_or(false);
                target.local = endpoint.nodeName.value_or("") == nodeName;
                Target& slot = found[{*address, *endpointPort.port}];
                if (!slot.ready) slot = target;
            }
        }
    }
    std::vector<Target> targets;
    for (auto& [key, target] : found) targets.push_back(std::move(target));
    return targets;
}

std::vector<RealServer> chosen(const std::vector<Target>& targets, bool localOnly) {
    for (const auto usable : {&Target::ready, &Target::servesWhileEnding}) {
        std::vector<RealServer> servers;
        for (const Target& target : targets)
            if (target.*usable && (!localOnly || target.local)) servers.push_back(target.server);
        if (!servers.empty()) return servers;
    }
    return {};
}

class Planner {
public:
    explicit Planner(const ProxyInput& input) : m_input(input), m_slices(indexOf(input)) {}

    ProxyPlan run() {
        for (const auto& service : m_input.services) add(*service);
        std::ranges::sort(m_plan.hairpins);
        const auto repeated = std::ranges::unique(m_plan.hairpins);
        m_plan.hairpins.erase(repeated.begin(), repeated.end());
        return std::move(m_plan);
    }

private:
    static bool isHandled(const corev1::Service& service) {
        return service.spec.type != corev1::ServiceTypeExternalName && !service.spec.clusterIP.empty() &&
               service.spec.clusterIP != corev1::ClusterIPNone && !service.metadata.labels.contains(kProxyNameLabel);
    }

    void add(const corev1::Service& service) {
        if (!isHandled(service)) return;
        const auto& slices = m_slices[{service.metadata.namespace_, service.metadata.name}];
        std::vector<std::string> clusterIps = service.spec.clusterIPs;
        if (clusterIps.empty()) clusterIps = {service.spec.clusterIP};
        std::vector<std::string> external = service.spec.externalIPs;
        for (const corev1::LoadBalancerIngress& ingress : service.status.loadBalancer.ingress)
            if (!ingress.ip.empty() && ingress.ipMode.value_or("VIP") == "VIP") external.push_back(ingress.ip);
        const bool internalLocal = service.spec.internalTrafficPolicy.value_or("Cluster") == "Local";
        const bool externalLocal = service.spec.externalTrafficPolicy == "Local";
        for (const corev1::ServicePort& port : service.spec.ports) {
            for (const std::string& ip : clusterIps) addAddress(service, port, ip, slices, internalLocal, true);
            for (const std::string& ip : external) addAddress(service, port, ip, slices, externalLocal, !externalLocal);
            if (port.nodePort != 0) addNodePort(service, port, slices, externalLocal);
        }
    }

    void addAddress(const corev1::Service& service, const corev1::ServicePort& port, const std::string& ip,
                    const std::vector<const discoveryv1::EndpointSlice*>& slices, bool localOnly, bool masquerade) {
        const auto address = IpAddress::parse(ip);
        if (!address) return;
        const auto targets = targetsOf(slices, port, address->v6, m_input.nodeName);
        const SocketAddress where{*address, protocolOf(port.protocol), port.port};
        serve(service, where, chosen(targets, localOnly));
        if (std::ranges::find(m_input.nodeAddresses, *address) == m_input.nodeAddresses.end())
            m_plan.addresses.insert(*address);
        if (masquerade) m_plan.masqueradedServers.push_back(where);
        for (const Target& target : targets)
            if (target.local) m_plan.hairpins.push_back(target.server.address);
    }

    void addNodePort(const corev1::Service& service, const corev1::ServicePort& port,
                     const std::vector<const discoveryv1::EndpointSlice*>& slices, bool localOnly) {
        for (const IpAddress& address : m_input.nodeAddresses)
            serve(service, {address, protocolOf(port.protocol), port.nodePort},
                  chosen(targetsOf(slices, port, address.v6, m_input.nodeName), localOnly));
        if (!localOnly) m_plan.masqueradedNodePorts.push_back({protocolOf(port.protocol), port.nodePort});
    }

    void serve(const corev1::Service& service, const SocketAddress& where, std::vector<RealServer> servers) {
        if (!m_taken.insert(where).second) return;  // two Services claim it: the first keeps it
        VirtualServer server{where, "rr", 0, std::move(servers)};
        if (service.spec.sessionAffinity == corev1::ServiceAffinityClientIP) {
            const auto* config = service.spec.sessionAffinityConfig.get();
            server.persistentSeconds = static_cast<std::uint32_t>(
                config != nullptr && config->clientIP
                    ? config->clientIP->timeoutSeconds.value_or(corev1::DefaultClientIPServiceAffinitySeconds)
                    : corev1::DefaultClientIPServiceAffinitySeconds);
        }
        m_plan.servers.push_back(std::move(server));
    }

    const ProxyInput& m_input;
    SliceIndex m_slices;
    std::set<SocketAddress> m_taken;
    ProxyPlan m_plan;
};

}  // namespace

ProxyPlan planProxy(const ProxyInput& input) {
    return Planner(input).run();
}

}  // namespace qd::agent::proxy
