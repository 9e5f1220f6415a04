#include "cluster/controllers/endpointslice/slice_plan.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <tuple>

#include "cluster/controllers/pods/pod_state.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

using discoveryv1::Endpoint;
using discoveryv1::EndpointSlice;

// A set of ports, in order of name, number, protocol and application protocol.
using PortsKey = std::vector<std::tuple<std::string, std::int32_t, std::string, std::string>>;

PortsKey keyOfPorts(const std::vector<discoveryv1::EndpointPort>& ports) {
    PortsKey key;
    for (const auto& port : ports) key.emplace_back(port.name.value_or(""), port.port.value_or(0), port.protocol.value_or("TCP"), port.appProtocol.value_or(""));
    std::sort(key.begin(), key.end());
    return key;
}

std::vector<discoveryv1::EndpointPort> portsOf(const corev1::Service& service, const corev1::Pod& pod) {
    std::vector<discoveryv1::EndpointPort> ports;
    for (const auto& servicePort : service.spec.ports) {
        const auto number = targetPort(pod, servicePort);
        if (!number) continue;
        auto& port = ports.emplace_back();
        port.name = servicePort.name;
        port.port = *number;
        port.protocol = servicePort.protocol;
        port.appProtocol = servicePort.appProtocol;
    }
    std::sort(ports.begin(), ports.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return ports;
}

std::vector<std::string> addressTypes(const corev1::Service& service) {
    std::vector<std::string> types;
    for (const auto& family : service.spec.ipFamilies) types.push_back(family);
    if (!types.empty()) return types;
    if (!isHeadless(service)) return {isIpv6(service.spec.clusterIP) ? "IPv6" : "IPv4"};
    return {"IPv4", "IPv6"};
}

void addHints(Endpoint& endpoint, const corev1::Service& service) {
    const std::string distribution = service.spec.trafficDistribution.value_or("");
    const bool byNode = distribution == corev1::ServiceTrafficDistributionPreferSameNode;
    const bool near = byNode || distribution == corev1::ServiceTrafficDistributionPreferClose || distribution == corev1::ServiceTrafficDistributionPreferSameZone;
    if (!near || !endpoint.conditions.ready.value_or(false)) return;
    if (endpoint.zone) endpoint.hints.ensure().forZones.emplace_back().name = *endpoint.zone;
    if (endpoint.nodeName && byNode) endpoint.hints.ensure().forNodes.emplace_back().name = *endpoint.nodeName;
}

Endpoint endpointOf(const corev1::Service& service, const corev1::Pod& pod, const corev1::Node* node, const std::string& addressType) {
    Endpoint endpoint;
    for (const auto& ip : pod.status.podIPs) {
        if (isIpv6(ip.ip) == (addressType == "IPv6")) endpoint.addresses.push_back(ip.ip);
    }
    const bool serving = isReady(pod);
    const bool terminating = pod.metadata.deletionTimestamp.has_value();
    endpoint.conditions.serving = serving;
    endpoint.conditions.terminating = terminating;
    endpoint.conditions.ready = service.spec.publishNotReadyAddresses || (serving && !terminating);
    auto& target = endpoint.targetRef.emplace();
    target.kind = "Pod";
    target.namespace_ = pod.metadata.namespace_;
    target.name = pod.metadata.name;
    target.uid = pod.metadata.uid;
    if (!pod.spec.nodeName.empty()) endpoint.nodeName = pod.spec.nodeName;
    if (node) {
        const auto zone = node->metadata.labels.find(corev1::LabelTopologyZone);
        if (zone != node->metadata.labels.end() && !zone->second.empty()) endpoint.zone = zone->second;
    }
    if (auto hostname = endpointHostname(pod, service); !hostname.empty()) endpoint.hostname = std::move(hostname);
    addHints(endpoint, service);
    return endpoint;
}

// What makes an endpoint the same one as before: its addresses, host name and Pod.
std::string identityOf(const Endpoint& endpoint) {
    std::string identity = endpoint.hostname.value_or("") + "|" + (endpoint.targetRef ? endpoint.targetRef->uid : "");
    for (const auto& address : endpoint.addresses) identity += "|" + address;
    return identity;
}

bool isReserved(const std::string& label) {
    return label == discoveryv1::LabelServiceName || label == discoveryv1::LabelManagedBy || label == corev1::IsHeadlessService;
}

api::Map<std::string> labelsFor(const corev1::Service& service) {
    api::Map<std::string> labels;
    for (const auto& [key, value] : service.metadata.labels) {
        if (!isReserved(key)) labels[key] = value;
    }
    if (isHeadless(service)) labels[corev1::IsHeadlessService] = "";
    labels[discoveryv1::LabelServiceName] = service.metadata.name;
    labels[discoveryv1::LabelManagedBy] = kSliceManagedBy;
    return labels;
}

EndpointSlice newSlice(const corev1::Service& service, const std::string& addressType, std::vector<discoveryv1::EndpointPort> ports) {
    constexpr std::size_t kLongestName = 253;
    EndpointSlice slice;
    slice.metadata.namespace_ = service.metadata.namespace_;
    slice.metadata.generateName = service.metadata.name + (service.metadata.name.size() < kLongestName ? "-" : "");
    slice.metadata.labels = labelsFor(service);
    slice.metadata.ownerReferences.push_back(controllerReference(service));
    slice.addressType = addressType;
    slice.ports = std::move(ports);
    return slice;
}

bool isOwned(const EndpointSlice& slice, const corev1::Service& service) {
    return std::any_of(slice.metadata.ownerReferences.begin(), slice.metadata.ownerReferences.end(),
                       [&](const auto& owner) { return owner.uid == service.metadata.uid && owner.kind == "Service" && owner.apiVersion == "v1"; });
}

// One set of ports of one address type.
class PortGroup {
public:
    PortGroup(const corev1::Service& service, std::string addressType, std::vector<discoveryv1::EndpointPort> ports, std::size_t most)
        : m_service(service), m_addressType(std::move(addressType)), m_ports(std::move(ports)), m_most(most), m_labels(labelsFor(service)) {}

    void want(Endpoint endpoint) {
        const std::string identity = identityOf(endpoint);
        if (m_known.insert(identity).second) m_wanted.emplace_back(identity, std::move(endpoint));
    }
    void have(const client::Ptr<EndpointSlice>& slice) { m_existing.push_back(slice); }
    void plan(SlicePlan& into);

private:
    struct Kept {
        client::Ptr<EndpointSlice> before;
        EndpointSlice now;
        bool changed = false;
    };
    void keepWhatStays(SlicePlan& into);
    void fill(EndpointSlice& slice);

    const corev1::Service& m_service;
    const std::string m_addressType;
    const std::vector<discoveryv1::EndpointPort> m_ports;
    const std::size_t m_most;
    const api::Map<std::string> m_labels;
    Slices m_existing;
    std::set<std::string> m_known;
    std::deque<std::pair<std::string, Endpoint>> m_wanted;
    std::vector<Kept> m_kept;
};

void PortGroup::keepWhatStays(SlicePlan& into) {
    for (const auto& slice : m_existing) {
        Kept kept{slice, *slice};
        kept.now.endpoints.clear();
        bool changed = slice->metadata.labels != m_labels;
        for (const auto& endpoint : slice->endpoints) {
            const std::string identity = identityOf(endpoint);
            const auto found = std::find_if(m_wanted.begin(), m_wanted.end(), [&](const auto& wanted) { return wanted.first == identity; });
            if (found == m_wanted.end()) {
                changed = true;
                continue;
            }
            changed = changed || !(found->second == endpoint);
            kept.now.endpoints.push_back(std::move(found->second));
            m_wanted.erase(found);
        }
        if (kept.now.endpoints.empty()) {
            into.remove.push_back(slice);
            continue;
        }
        kept.now.metadata.labels = m_labels;
        kept.changed = changed;
        m_kept.push_back(std::move(kept));
    }
}

void PortGroup::fill(EndpointSlice& slice) {
    while (!m_wanted.empty() && slice.endpoints.size() < m_most) {
        slice.endpoints.push_back(std::move(m_wanted.front().second));
        m_wanted.pop_front();
    }
}

void PortGroup::plan(SlicePlan& into) {
    keepWhatStays(into);
    std::stable_sort(m_kept.begin(), m_kept.end(), [](const Kept& a, const Kept& b) { return a.now.endpoints.size() > b.now.endpoints.size(); });
    for (auto& kept : m_kept) {
        if (kept.changed) fill(kept.now);
    }
    while (!m_wanted.empty()) {
        // The fullest of those that have room for all that is left: m_kept begins with the fullest.
        const auto roomy = std::find_if(m_kept.begin(), m_kept.end(), [this](const Kept& kept) { return !kept.changed && kept.now.endpoints.size() + m_wanted.size() <= m_most; });
        if (roomy != m_kept.end()) {
            roomy->changed = true;
            fill(roomy->now);
            continue;
        }
        auto& slice = into.create.emplace_back(newSlice(m_service, m_addressType, m_ports));
        fill(slice);
    }
    for (auto& kept : m_kept) {
        if (kept.changed) into.update.push_back(std::move(kept.now));
    }
}

bool isPlaceholder(const EndpointSlice& slice, const EndpointSlice& placeholder) {
    return slice.endpoints.empty() && slice.ports.empty() && slice.addressType == placeholder.addressType && slice.metadata.labels == placeholder.metadata.labels;
}

// A slice that goes and one that comes are one update: the write that watchers have least work with.
void reuseNames(SlicePlan& plan, const corev1::Service& service) {
    for (auto going = plan.remove.begin(); going != plan.remove.end() && !plan.create.empty();) {
        EndpointSlice& coming = plan.create.back();
        if ((*going)->addressType != coming.addressType || !isOwned(**going, service)) {
            ++going;
            continue;
        }
        EndpointSlice reused = **going;
        reused.metadata.labels = coming.metadata.labels;
        reused.endpoints = std::move(coming.endpoints);
        reused.ports = std::move(coming.ports);
        plan.update.push_back(std::move(reused));
        plan.create.pop_back();
        going = plan.remove.erase(going);
    }
}

SlicePlan planAddressType(const SliceInput& input, const std::string& addressType, const Slices& existing, std::size_t most) {
    SlicePlan plan;
    std::map<PortsKey, PortGroup> groups;
    for (const auto& pod : input.pods) {
        if (!hasEndpoint(*pod, true)) continue;
        auto ports = portsOf(input.service, *pod);
        const auto node = input.node(pod->spec.nodeName);
        if (!node && !input.service.spec.publishNotReadyAddresses) {
            plan.podsWithoutNode.push_back(pod->metadata.name);
            continue;
        }
        auto endpoint = endpointOf(input.service, *pod, node.get(), addressType);
        if (endpoint.addresses.empty()) continue;
        auto key = keyOfPorts(ports);
        groups.try_emplace(std::move(key), input.service, addressType, std::move(ports), most).first->second.want(std::move(endpoint));
    }
    for (const auto& slice : existing) {
        const auto group = groups.find(keyOfPorts(slice->ports));
        if (isOwned(*slice, input.service) && group != groups.end()) {
            group->second.have(slice);
        } else {
            plan.remove.push_back(slice);
        }
    }
    for (auto& [ports, group] : groups) group.plan(plan);

    // A Service always has one slice of each type, so that "no endpoints" can be told from "not yet looked at".
    if (plan.remove.size() == existing.size() && plan.create.empty()) {
        auto placeholder = newSlice(input.service, addressType, {});
        if (plan.remove.size() == 1 && isOwned(*plan.remove.front(), input.service) && isPlaceholder(*plan.remove.front(), placeholder)) {
            plan.remove.clear();
        } else {
            plan.create.push_back(std::move(placeholder));
        }
    }
    reuseNames(plan, input.service);
    return plan;
}

}  // namespace

SlicePlan planSlices(const SliceInput& input, std::size_t maxEndpoints) {
    const auto types = addressTypes(input.service);
    SlicePlan plan;
    for (const auto& slice : input.existing) {
        if (std::find(types.begin(), types.end(), slice->addressType) == types.end()) plan.remove.push_back(slice);
    }
    for (const auto& type : types) {
        Slices ofType;
        std::copy_if(input.existing.begin(), input.existing.end(), std::back_inserter(ofType), [&](const auto& slice) { return slice->addressType == type; });
        SlicePlan part = planAddressType(input, type, ofType, maxEndpoints);
        std::move(part.create.begin(), part.create.end(), std::back_inserter(plan.create));
        std::move(part.update.begin(), part.update.end(), std::back_inserter(plan.update));
        std::move(part.remove.begin(), part.remove.end(), std::back_inserter(plan.remove));
        plan.podsWithoutNode.insert(plan.podsWithoutNode.end(), part.podsWithoutNode.begin(), part.podsWithoutNode.end());
    }
    return plan;
}

}  // namespace qd::controllers
